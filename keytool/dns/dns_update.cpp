#include "keytool/dns/dns_update.hpp"

#include <fmt/format.h>

#include "crypto/error.hpp"
#include "keytool/dns/ldns_types.hpp"
#include "keytool/dns/tcp_exchange.hpp"

namespace dkim::keytool {
namespace {

constexpr std::chrono::seconds update_time{10};
constexpr std::uint16_t fudge = 300;
// TSIG errors are RCODEs beyond ldns's (RFC 8945 §3).
constexpr unsigned bad_signature = 16;
constexpr unsigned bad_key = 17;
constexpr unsigned bad_time = 18;

RdfPtr make_name(const std::string& name) {
  RdfPtr out(ldns_dname_new_frm_str(name.c_str()));
  if (!out) throw crypto::Error(fmt::format("not a name that DNS can hold: {}", name));
  return out;
}

// Makes a record without TTL and data: its class carries the meaning.
RrPtr bare_record(const std::string& name, ldns_rr_type type, ldns_rr_class rr_class) {
  RrPtr record(ldns_rr_new());
  ldns_rr_set_owner(record.get(), make_name(name).release());
  ldns_rr_set_type(record.get(), type);
  ldns_rr_set_class(record.get(), rr_class);
  ldns_rr_set_ttl(record.get(), 0);
  return record;
}

// "RRset does not exist" (RFC 2136 §2.4.3). Without this prerequisite a server would silently add nothing
// (§3.4.2.2).
RrPtr no_alias(const std::string& name) {
  return bare_record(name, LDNS_RR_TYPE_CNAME, LDNS_RR_CLASS_NONE);
}

// "Delete an RRset" (RFC 2136 §2.5.2).
RrPtr delete_all(const std::string& name) {
  return bare_record(name, LDNS_RR_TYPE_TXT, LDNS_RR_CLASS_ANY);
}

RrPtr add_record(const std::string& name, const crypto::NamedRecord& wanted) {
  RrPtr record(ldns_rr_new());
  ldns_rr_set_owner(record.get(), make_name(name).release());
  ldns_rr_set_type(record.get(), LDNS_RR_TYPE_TXT);
  ldns_rr_set_class(record.get(), LDNS_RR_CLASS_IN);
  ldns_rr_set_ttl(record.get(), wanted.ttl);
  for (const auto& string : crypto::txt_strings(wanted.value)) {
    std::string wire(1, static_cast<char>(string.size()));
    wire += string;
    ldns_rr_push_rdf(record.get(), ldns_rdf_new_frm_data(LDNS_RDF_TYPE_STR, wire.size(), wire.data()));
  }
  return record;
}

PacketPtr make_update(const std::string& zone, const crypto::NamedRecord& wanted) {
  const std::string name = wanted.name + ".";
  const RrListPtr updates(ldns_rr_list_new());
  ldns_rr_list_push_rr(updates.get(), delete_all(name).release());
  if (!wanted.value.empty()) ldns_rr_list_push_rr(updates.get(), add_record(name, wanted).release());
  const RrListPtr prerequisites(ldns_rr_list_new());
  ldns_rr_list_push_rr(prerequisites.get(), no_alias(name).release());
  PacketPtr packet(ldns_update_pkt_new(make_name(zone).release(), LDNS_RR_CLASS_IN, prerequisites.get(),
                                       updates.get(), nullptr));
  if (!packet) throw std::bad_alloc();
  ldns_pkt_set_random_id(packet.get());
  return packet;
}

// The TSIG record's error field (RFC 8945 §4.2), 0 without one.
unsigned tsig_error(const ldns_pkt* packet) {
  const ldns_rr* tsig = ldns_pkt_tsig(packet);
  constexpr std::size_t error_field = 5;
  if (tsig == nullptr || ldns_rr_rd_count(tsig) <= error_field) return 0;
  return ldns_rdf2native_int16(ldns_rr_rdf(tsig, error_field));
}

[[noreturn]] void refuse(const ServerAddress& primary, const std::string& what) {
  throw crypto::Error(fmt::format("the primary {} {}", primary.text(), what));
}

void check_answer(const ServerAddress& primary, const ldns_pkt* answer, const std::string& zone) {
  const ldns_pkt_rcode code = ldns_pkt_get_rcode(answer);
  switch (tsig_error(answer)) {
    case bad_signature:
      refuse(primary, "says that the TSIG secret is wrong (BADSIG)");
    case bad_key:
      // knot also answers this if it knows the key, but the key may not change this zone.
      refuse(primary, "does not know the TSIG key, or not with its algorithm, or not for this zone (BADKEY)");
    case bad_time:
      refuse(primary,
             fmt::format("says that our clock and its own differ by more than {} s (BADTIME)", fudge));
    default:
      break;
  }
  if (code == LDNS_RCODE_NOERROR || code == LDNS_RCODE_YXRRSET) return;
  if (code == LDNS_RCODE_REFUSED) refuse(primary, "does not allow this key to change the name (REFUSED)");
  if (code == LDNS_RCODE_NOTAUTH || code == LDNS_RCODE_NOTZONE) {
    // knot 3.4 answers this, without a TSIG record, where knot 3.2 says BADKEY.
    refuse(primary,
           fmt::format("is not responsible for the zone {}, or does not accept the TSIG key for it (NOTAUTH)",
                       zone));
  }
  if (code == LDNS_RCODE_NOTIMPL) refuse(primary, "does not accept dynamic updates (NOTIMPL)");
  const std::unique_ptr<char, LdnsDelete<std::free>> text(ldns_pkt_rcode2str(code));
  refuse(primary, fmt::format("answers {}", text ? text.get() : "an error"));
}

}  // namespace

UpdateOutcome update_txt(const ServerAddress& primary, const TsigKey& key, const std::string& zone,
                         const crypto::NamedRecord& record) {
  const PacketPtr packet = make_update(zone, record);
  if (ldns_pkt_tsig_sign(packet.get(), key.name.c_str(), key.secret.data(), fudge, key.algorithm.c_str(),
                         nullptr) != LDNS_STATUS_OK) {
    throw crypto::Error(fmt::format("cannot sign the update with the TSIG key {}", key.name));
  }
  const auto answer_wire = exchange_over_tcp(primary, wire_of(packet.get()), update_time);
  if (answer_wire.empty()) refuse(primary, "does not answer over TCP");

  ldns_pkt* parsed = nullptr;
  if (ldns_wire2pkt(&parsed, answer_wire.data(), answer_wire.size()) != LDNS_STATUS_OK)
    refuse(primary, "gives an answer that is not a DNS message");
  const PacketPtr answer(parsed);
  check_answer(primary, answer.get(), zone);
  // Only a holder of the secret can confirm the update.
  const ldns_rr* query_tsig = ldns_pkt_tsig(packet.get());
  constexpr std::size_t mac_field = 3;
  if (ldns_pkt_id(answer.get()) != ldns_pkt_id(packet.get()) ||
      !ldns_pkt_tsig_verify(answer.get(), answer_wire.data(), answer_wire.size(), key.name.c_str(),
                            key.secret.data(), ldns_rr_rdf(query_tsig, mac_field))) {
    refuse(primary, "gives an answer that is not signed with our TSIG key");
  }
  return ldns_pkt_get_rcode(answer.get()) == LDNS_RCODE_YXRRSET ? UpdateOutcome::alias_there
                                                                : UpdateOutcome::done;
}

}  // namespace dkim::keytool
