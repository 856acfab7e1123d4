#include "keytool/dns/answer_reader.hpp"

#include <algorithm>

#include "keytool/dns/ldns_types.hpp"

namespace dkim::keytool {
namespace {

// Ends a loop within one answer. Following such a chain costs no questions, so it may be longer than one that
// server_look follows from server to server.
constexpr int longest_alias_chain = 12;

const ldns_rr* find_record(const ldns_rr_list* list, const std::string& owner, ldns_rr_type type) {
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(list); ++i) {
    const ldns_rr* record = ldns_rr_list_rr(list, i);
    // A record without data is possible on the wire (RFC 2136 uses them).
    if (ldns_rr_get_type(record) == type && ldns_rr_rd_count(record) > 0 &&
        name_text(ldns_rr_owner(record)) == owner)
      return record;
  }
  return nullptr;
}

// The CNAMEs of an answer section, from the name that was asked for to the end of the chain.
struct Aliases {
  std::optional<std::string> first;
  std::optional<std::string> last;
  unsigned ttl = 0;  // the largest
};

Aliases follow_aliases(const ldns_rr_list* answer, const std::string& name) {
  Aliases aliases;
  std::string current = name;
  for (int i = 0; i < longest_alias_chain; ++i) {
    const ldns_rr* alias = find_record(answer, current, LDNS_RR_TYPE_CNAME);
    if (alias == nullptr) break;
    current = name_text(ldns_rr_rdf(alias, 0));
    if (!aliases.first) aliases.first = current;
    aliases.last = current;
    aliases.ttl = std::max(aliases.ttl, ldns_rr_ttl(alias));
  }
  return aliases;
}

// A start of authority; the TTL is that of its negative answers.
struct Soa {
  std::string zone;
  std::string primary;
  unsigned negative_ttl = 0;
};

std::optional<Soa> find_soa(const ldns_pkt* packet, const ldns_rr_list* list) {
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(list); ++i) {
    const ldns_rr* record = ldns_rr_list_rr(list, i);
    if (ldns_rr_get_type(record) != LDNS_RR_TYPE_SOA || ldns_rr_rd_count(record) != 7) continue;
    unsigned ttl = ldns_rdf2native_int32(ldns_rr_rdf(record, 6));
    // A cache has counted the record's own TTL down.
    if (ldns_pkt_aa(packet)) ttl = std::min(ttl, ldns_rr_ttl(record));
    return Soa{name_text(ldns_rr_owner(record)), name_text(ldns_rr_rdf(record, 0)), ttl};
  }
  return std::nullopt;
}

std::optional<std::string> find_delegation(const ldns_pkt* packet) {
  const ldns_rr_list* authority = ldns_pkt_authority(packet);
  std::optional<std::string> zone;
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(authority); ++i) {
    const ldns_rr* record = ldns_rr_list_rr(authority, i);
    if (ldns_rr_get_type(record) == LDNS_RR_TYPE_NS) zone = name_text(ldns_rr_owner(record));
  }
  return zone;
}

// Adds the record's data to the list of its type.
void add_data(DnsResponse& response, const ldns_rr* record, RecordType type) {
  if (ldns_rr_rd_count(record) < (type == RecordType::mx ? 2 : 1)) return;
  const auto name = [&] { return name_text(ldns_rr_rdf(record, type == RecordType::mx ? 1 : 0)); };
  switch (type) {
    case RecordType::txt:
      response.texts.push_back({joined_strings(record), ldns_rr_ttl(record)});
      break;
    case RecordType::ns:
      response.name_servers.push_back(name());
      break;
    case RecordType::a:
    case RecordType::aaaa:
      response.addresses.push_back(name());
      break;
    case RecordType::mx:
    case RecordType::ptr:
      response.targets.push_back(name());
      break;
    case RecordType::soa:
      break;
  }
}

}  // namespace

std::uint16_t type_number(RecordType type) {
  switch (type) {
    case RecordType::txt:
      return LDNS_RR_TYPE_TXT;
    case RecordType::soa:
      return LDNS_RR_TYPE_SOA;
    case RecordType::ns:
      return LDNS_RR_TYPE_NS;
    case RecordType::a:
      return LDNS_RR_TYPE_A;
    case RecordType::aaaa:
      return LDNS_RR_TYPE_AAAA;
    case RecordType::mx:
      return LDNS_RR_TYPE_MX;
    case RecordType::ptr:
      return LDNS_RR_TYPE_PTR;
  }
  return LDNS_RR_TYPE_TXT;
}

DnsResponse read_response(const ldns_pkt* packet, const std::string& name, RecordType type) {
  DnsResponse response;
  response.authoritative = ldns_pkt_aa(packet);
  if (ldns_pkt_ad(packet)) response.dnssec = Dnssec::secure;
  const ldns_rr_list* answer = ldns_pkt_answer(packet);
  const Aliases aliases = follow_aliases(answer, name);
  response.first_alias = aliases.first;
  response.alias = aliases.last;
  response.alias_ttl = aliases.ttl;
  const std::string owner = aliases.last.value_or(name);
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(answer); ++i) {
    const ldns_rr* record = ldns_rr_list_rr(answer, i);
    if (ldns_rr_get_type(record) == type_number(type) && name_text(ldns_rr_owner(record)) == owner)
      add_data(response, record, type);
  }
  auto soa = find_soa(packet, answer);
  if (!soa) soa = find_soa(packet, ldns_pkt_authority(packet));
  if (soa) {
    response.zone = soa->zone;
    response.primary = soa->primary;
    response.negative_ttl = soa->negative_ttl;
  } else if (ldns_rr_list_rr_count(answer) == 0) {
    response.delegation = find_delegation(packet);
  }
  return response;
}

}  // namespace dkim::keytool
