#include "keytool/dns_client.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "crypto/error.hpp"
#include "keytool/ldns_types.hpp"

namespace dkim::keytool {
namespace {

constexpr timeval answer_timeout{3, 0};
constexpr std::uint8_t tries = 2;
// What fits into one unfragmented datagram nearly everywhere (DNS flag day 2020).
constexpr std::uint16_t edns_size = 1232;
// Longer chains are a loop, or somebody's joke.
constexpr int longest_alias_chain = 12;

ldns_rr_type wire_type(RecordType type) {
  switch (type) {
    case RecordType::txt:
      return LDNS_RR_TYPE_TXT;
    case RecordType::soa:
      return LDNS_RR_TYPE_SOA;
    case RecordType::ns:
      return LDNS_RR_TYPE_NS;
    case RecordType::a:
      return LDNS_RR_TYPE_A;
    default:
      return LDNS_RR_TYPE_AAAA;
  }
}

bool is_ip(const std::string& text) {
  std::array<unsigned char, 16> octets{};
  return inet_pton(AF_INET, text.c_str(), octets.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), octets.data()) == 1;
}

// A TXT record's strings: each with its length in front, as on the wire.
std::string joined_strings(const ldns_rr* record) {
  std::string out;
  for (std::size_t i = 0; i < ldns_rr_rd_count(record); ++i) {
    const ldns_rdf* string = ldns_rr_rdf(record, i);
    if (ldns_rdf_size(string) > 1) {
      out.append(reinterpret_cast<const char*>(ldns_rdf_data(string)) + 1, ldns_rdf_size(string) - 1);
    }
  }
  return out;
}

const ldns_rr* find_record(const ldns_rr_list* list, const std::string& owner, ldns_rr_type type) {
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(list); ++i) {
    const ldns_rr* record = ldns_rr_list_rr(list, i);
    if (ldns_rr_get_type(record) == type && name_text(ldns_rr_owner(record)) == owner) return record;
  }
  return nullptr;
}

// Follows the CNAMEs of the answer section; gives back the name at the chain's end.
std::string follow_aliases(const ldns_rr_list* answer, const std::string& name, DnsResponse& response) {
  std::string current = name;
  for (int i = 0; i < longest_alias_chain; ++i) {
    const ldns_rr* alias = find_record(answer, current, LDNS_RR_TYPE_CNAME);
    if (alias == nullptr) break;
    current = name_text(ldns_rr_rdf(alias, 0));
    response.alias = current;
    response.alias_ttl = std::max(response.alias_ttl, ldns_rr_ttl(alias));
  }
  return current;
}

void read_soa(const ldns_rr_list* list, DnsResponse& response) {
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(list); ++i) {
    const ldns_rr* record = ldns_rr_list_rr(list, i);
    if (ldns_rr_get_type(record) != LDNS_RR_TYPE_SOA || ldns_rr_rd_count(record) != 7) continue;
    response.zone = name_text(ldns_rr_owner(record));
    response.primary = name_text(ldns_rr_rdf(record, 0));
    response.negative_ttl = std::min(ldns_rr_ttl(record), ldns_rdf2native_int32(ldns_rr_rdf(record, 6)));
    return;
  }
}

DnsResponse read_response(const ldns_pkt* packet, const std::string& name, RecordType type) {
  DnsResponse response;
  response.authoritative = ldns_pkt_aa(packet);
  response.authenticated = ldns_pkt_ad(packet);
  const ldns_rr_list* answer = ldns_pkt_answer(packet);
  const std::string owner = follow_aliases(answer, name, response);
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(answer); ++i) {
    const ldns_rr* record = ldns_rr_list_rr(answer, i);
    if (ldns_rr_get_type(record) != wire_type(type) || name_text(ldns_rr_owner(record)) != owner) continue;
    if (type == RecordType::txt) response.texts.push_back({joined_strings(record), ldns_rr_ttl(record)});
    if (type == RecordType::ns) response.name_servers.push_back(name_text(ldns_rr_rdf(record, 0)));
    if (type == RecordType::a || type == RecordType::aaaa) {
      response.addresses.push_back(name_text(ldns_rr_rdf(record, 0)));
    }
  }
  read_soa(answer, response);
  if (!response.zone) read_soa(ldns_pkt_authority(packet), response);
  return response;
}

std::string rcode_text(ldns_pkt_rcode code) {
  const std::unique_ptr<char, LdnsDelete<std::free>> text(ldns_pkt_rcode2str(code));
  return text ? text.get() : "an unknown code";
}

}  // namespace

canon::Result<ServerAddress> ServerAddress::parse(std::string_view text) {
  const auto at = text.find('@');
  ServerAddress server{std::string(text.substr(0, at)), 53};
  if (!is_ip(server.address)) return canon::Refusal{"not an IP address", 0};
  if (at != std::string_view::npos) {
    const std::string_view digits = text.substr(at + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), server.port);
    if (error != std::errc() || end != digits.data() + digits.size() || server.port == 0) {
      return canon::Refusal{"not a port after the @", at + 1};
    }
  }
  return server;
}

std::string ServerAddress::text() const {
  return port == 53 ? address : address + "@" + std::to_string(port);
}

void DnsClient::Free::operator()(ldns_struct_resolver* resolver) const {
  ldns_resolver_deep_free(resolver);
}

DnsClient::DnsClient(ldns_struct_resolver* resolver) : resolver_(resolver) {
  ldns_resolver_set_timeout(resolver, answer_timeout);
  ldns_resolver_set_retry(resolver, tries);
  ldns_resolver_set_edns_udp_size(resolver, edns_size);
  // We look at the TC bit ourselves.
  ldns_resolver_set_igntc(resolver, true);
  ldns_resolver_set_fallback(resolver, false);
}
DnsClient::DnsClient(DnsClient&&) noexcept = default;
DnsClient& DnsClient::operator=(DnsClient&&) noexcept = default;
DnsClient::~DnsClient() = default;

DnsClient DnsClient::system() {
  ldns_resolver* resolver = nullptr;
  const ldns_status status = ldns_resolver_new_frm_file(&resolver, nullptr);
  if (status != LDNS_STATUS_OK || ldns_resolver_nameserver_count(resolver) == 0) {
    if (resolver != nullptr) ldns_resolver_deep_free(resolver);
    throw crypto::Error("/etc/resolv.conf names no resolver; name one with --resolver ADDRESS");
  }
  return DnsClient(resolver);
}

DnsClient DnsClient::at(const ServerAddress& server, Kind kind) {
  ldns_resolver* resolver = ldns_resolver_new();
  if (resolver == nullptr) throw std::bad_alloc();
  DnsClient client(resolver);
  const bool v6 = server.address.find(':') != std::string::npos;
  const RdfPtr address(
      ldns_rdf_new_frm_str(v6 ? LDNS_RDF_TYPE_AAAA : LDNS_RDF_TYPE_A, server.address.c_str()));
  if (!address || ldns_resolver_push_nameserver(resolver, address.get()) != LDNS_STATUS_OK) {
    throw crypto::Error("cannot use the name server " + server.text());
  }
  ldns_resolver_set_port(resolver, server.port);
  ldns_resolver_set_recursive(resolver, kind == Kind::resolver);
  return client;
}

canon::Result<DnsResponse> DnsClient::ask(const std::string& name, RecordType type) {
  const RdfPtr owner(ldns_dname_new_frm_str(name.c_str()));
  if (!owner) return canon::Refusal{"not a name that DNS can hold", 0};
  const bool recursive = ldns_resolver_recursive(resolver_.get());
  // AD asks a resolver to say whether it validated (RFC 6840 §5.7).
  const auto flags = static_cast<std::uint16_t>(recursive ? LDNS_RD | LDNS_AD : 0);
  for (const bool tcp : {false, true}) {
    ldns_resolver_set_usevc(resolver_.get(), tcp);
    ldns_pkt* raw = nullptr;
    const ldns_status status = ldns_resolver_query_status(&raw, resolver_.get(), owner.get(), wire_type(type),
                                                          LDNS_RR_CLASS_IN, flags);
    const PacketPtr packet(raw);
    if (status != LDNS_STATUS_OK || !packet) {
      return canon::Refusal{std::string("no answer") + (tcp ? " over TCP" : ""), 0};
    }
    if (ldns_pkt_tc(packet.get()) && !tcp) continue;
    const ldns_pkt_rcode code = ldns_pkt_get_rcode(packet.get());
    if (code != LDNS_RCODE_NOERROR && code != LDNS_RCODE_NXDOMAIN) {
      return canon::Refusal{"answers " + rcode_text(code), 0};
    }
    return read_response(packet.get(), name_text(owner.get()), type);
  }
  return canon::Refusal{"a truncated answer over TCP", 0};
}

}  // namespace dkim::keytool
