#include "keytool/dns_update.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstring>

#include "crypto/error.hpp"
#include "keytool/ldns_types.hpp"

namespace dkim::keytool {
namespace {

constexpr timeval update_timeout{10, 0};
constexpr std::uint16_t fudge = 300;
// TSIG errors are RCODEs beyond ldns's (RFC 8945 §3).
constexpr unsigned bad_signature = 16;
constexpr unsigned bad_key = 17;
constexpr unsigned bad_time = 18;

RdfPtr make_name(const std::string& name) {
  RdfPtr out(ldns_dname_new_frm_str(name.c_str()));
  if (!out) throw crypto::Error("not a name that DNS can hold: " + name);
  return out;
}

// "Delete an RRset" (RFC 2136 §2.5.2): class ANY, no TTL, no data.
RrPtr delete_all(const std::string& name) {
  RrPtr record(ldns_rr_new());
  ldns_rr_set_owner(record.get(), make_name(name).release());
  ldns_rr_set_type(record.get(), LDNS_RR_TYPE_TXT);
  ldns_rr_set_class(record.get(), LDNS_RR_CLASS_ANY);
  ldns_rr_set_ttl(record.get(), 0);
  return record;
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
  PacketPtr packet(
      ldns_update_pkt_new(make_name(zone).release(), LDNS_RR_CLASS_IN, nullptr, updates.get(), nullptr));
  if (!packet) throw std::bad_alloc();
  ldns_pkt_set_random_id(packet.get());
  return packet;
}

sockaddr_storage socket_address(const ServerAddress& server, socklen_t& length) {
  sockaddr_storage storage{};
  if (server.address.find(':') == std::string::npos) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(server.port);
    inet_pton(AF_INET, server.address.c_str(), &v4.sin_addr);
    std::memcpy(&storage, &v4, sizeof v4);
    length = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(server.port);
    inet_pton(AF_INET6, server.address.c_str(), &v6.sin6_addr);
    std::memcpy(&storage, &v6, sizeof v6);
    length = sizeof v6;
  }
  return storage;
}

// The TSIG record's error field (RFC 8945 §4.2), 0 without one.
unsigned tsig_error(const ldns_pkt* packet) {
  const ldns_rr* tsig = ldns_pkt_tsig(packet);
  constexpr std::size_t error_field = 5;
  if (tsig == nullptr || ldns_rr_rd_count(tsig) <= error_field) return 0;
  return ldns_rdf2native_int16(ldns_rr_rdf(tsig, error_field));
}

[[noreturn]] void refuse(const ServerAddress& primary, const std::string& what) {
  throw crypto::Error("the primary " + primary.text() + " " + what);
}

void check_answer(const ServerAddress& primary, const ldns_pkt* answer, const std::string& zone) {
  const ldns_pkt_rcode code = ldns_pkt_get_rcode(answer);
  switch (tsig_error(answer)) {
    case bad_signature:
      refuse(primary, "says that the TSIG secret is wrong (BADSIG)");
    case bad_key:
      refuse(primary, "does not know the TSIG key (BADKEY)");
    case bad_time:
      refuse(primary,
             "says that our clock and its own differ by more than " + std::to_string(fudge) + " s (BADTIME)");
    default:
      break;
  }
  if (code == LDNS_RCODE_NOERROR) return;
  if (code == LDNS_RCODE_REFUSED) refuse(primary, "does not allow this key to change the name (REFUSED)");
  if (code == LDNS_RCODE_NOTAUTH || code == LDNS_RCODE_NOTZONE) {
    refuse(primary, "is not responsible for the zone " + zone + ", or does not know the TSIG key (NOTAUTH)");
  }
  const std::unique_ptr<char, LdnsDelete<std::free>> text(ldns_pkt_rcode2str(code));
  refuse(primary, "answers " + std::string(text ? text.get() : "an error"));
}

}  // namespace

void update_txt(const ServerAddress& primary, const TsigKey& key, const std::string& zone,
                const crypto::NamedRecord& record) {
  const PacketPtr packet = make_update(zone, record);
  if (ldns_pkt_tsig_sign(packet.get(), key.name.c_str(), key.secret.data(), fudge, key.algorithm.c_str(),
                         nullptr) != LDNS_STATUS_OK) {
    throw crypto::Error("cannot sign the update with the TSIG key " + key.name);
  }
  const BufferPtr query(ldns_buffer_new(LDNS_MAX_PACKETLEN));
  if (ldns_pkt2buffer_wire(query.get(), packet.get()) != LDNS_STATUS_OK)
    throw crypto::Error("cannot write the update");

  socklen_t length = 0;
  const sockaddr_storage address = socket_address(primary, length);
  std::uint8_t* raw = nullptr;
  std::size_t size = 0;
  const ldns_status sent = ldns_tcp_send(&raw, query.get(), &address, length, update_timeout, &size);
  const std::unique_ptr<std::uint8_t, LdnsDelete<std::free>> wire(raw);
  if (sent != LDNS_STATUS_OK) refuse(primary, "does not answer over TCP");

  ldns_pkt* parsed = nullptr;
  if (ldns_wire2pkt(&parsed, wire.get(), size) != LDNS_STATUS_OK)
    refuse(primary, "gives an answer that is no DNS message");
  const PacketPtr answer(parsed);
  check_answer(primary, answer.get(), zone);
  // Only who holds the secret can say that it is done.
  const ldns_rr* query_tsig = ldns_pkt_tsig(packet.get());
  constexpr std::size_t mac_field = 3;
  if (ldns_pkt_id(answer.get()) != ldns_pkt_id(packet.get()) ||
      !ldns_pkt_tsig_verify(answer.get(), wire.get(), size, key.name.c_str(), key.secret.data(),
                            ldns_rr_rdf(query_tsig, mac_field))) {
    refuse(primary, "gives an answer that is not signed with our TSIG key");
  }
}

}  // namespace dkim::keytool
