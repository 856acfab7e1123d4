#include "keytool/dns/dns_client.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "canon/ip_address.hpp"
#include "crypto/error.hpp"
#include "keytool/dns/ldns_types.hpp"
#include "keytool/dns/tcp_exchange.hpp"

namespace dkim::keytool {
namespace {

// A resolver has others to ask; a server knows its zone. The second try is for a lost datagram.
constexpr timeval resolver_timeout{3, 0};
constexpr timeval server_timeout{2, 0};
constexpr std::uint8_t tries_over_udp = 2;
constexpr std::chrono::seconds time_over_tcp{5};
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
    case RecordType::mx:
      return LDNS_RR_TYPE_MX;
    case RecordType::ptr:
      return LDNS_RR_TYPE_PTR;
    default:
      return LDNS_RR_TYPE_AAAA;
  }
}

const ldns_rr* find_record(const ldns_rr_list* list, const std::string& owner, ldns_rr_type type) {
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(list); ++i) {
    const ldns_rr* record = ldns_rr_list_rr(list, i);
    // One without data is possible on the wire (RFC 2136 uses them).
    if (ldns_rr_get_type(record) == type && ldns_rr_rd_count(record) > 0 &&
        name_text(ldns_rr_owner(record)) == owner)
      return record;
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
    if (!response.first_alias) response.first_alias = current;
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
    response.negative_ttl = ldns_rdf2native_int32(ldns_rr_rdf(record, 6));
    // From a cache the TTL has been counted down.
    if (response.authoritative) {
      response.negative_ttl = std::min(response.negative_ttl, ldns_rr_ttl(record));
    }
    return;
  }
}

void read_delegation(const ldns_pkt* packet, DnsResponse& response) {
  const ldns_rr_list* authority = ldns_pkt_authority(packet);
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(authority); ++i) {
    const ldns_rr* record = ldns_rr_list_rr(authority, i);
    if (ldns_rr_get_type(record) == LDNS_RR_TYPE_NS) response.delegation = name_text(ldns_rr_owner(record));
  }
}

void read_data(const ldns_rr* record, RecordType type, DnsResponse& response) {
  // As above: a record may come without data.
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

DnsResponse read_response(const ldns_pkt* packet, const std::string& name, RecordType type) {
  DnsResponse response;
  response.authoritative = ldns_pkt_aa(packet);
  if (ldns_pkt_ad(packet)) response.dnssec = Dnssec::secure;
  const ldns_rr_list* answer = ldns_pkt_answer(packet);
  const std::string owner = follow_aliases(answer, name, response);
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(answer); ++i) {
    const ldns_rr* record = ldns_rr_list_rr(answer, i);
    if (ldns_rr_get_type(record) == wire_type(type) && name_text(ldns_rr_owner(record)) == owner)
      read_data(record, type, response);
  }
  read_soa(answer, response);
  if (!response.zone) read_soa(ldns_pkt_authority(packet), response);
  if (!response.zone && ldns_rr_list_rr_count(answer) == 0) read_delegation(packet, response);
  return response;
}

// Off the path of a datagram anybody can send one; that he also knows the question and its number is what we
// go by, and ldns does not look (RFC 5452 §9.1).
bool answers(const ldns_pkt* reply, const ldns_pkt* query) {
  if (ldns_pkt_id(reply) != ldns_pkt_id(query) || !ldns_pkt_qr(reply)) return false;
  const ldns_rr* answered = ldns_rr_list_rr(ldns_pkt_question(reply), 0);
  // An error may come without the question.
  if (answered == nullptr) return ldns_pkt_get_rcode(reply) != LDNS_RCODE_NOERROR;
  return ldns_rr_compare_no_rdata(answered, ldns_rr_list_rr(ldns_pkt_question(query), 0)) == 0;
}

PacketPtr make_query(ldns_resolver* resolver, const ldns_rdf* owner, RecordType type, std::uint16_t flags) {
  ldns_pkt* raw = nullptr;
  const ldns_status status =
      ldns_resolver_prepare_query_pkt(&raw, resolver, owner, wire_type(type), LDNS_RR_CLASS_IN, flags);
  PacketPtr query(raw);
  if (status != LDNS_STATUS_OK || !query) throw std::bad_alloc();
  return query;
}

std::string rcode_text(ldns_pkt_rcode code) {
  const std::unique_ptr<char, LdnsDelete<std::free>> text(ldns_pkt_rcode2str(code));
  return text ? text.get() : "an unknown code";
}

}  // namespace

canon::Result<ServerAddress> ServerAddress::parse(std::string_view text) {
  const auto at = text.find('@');
  ServerAddress server{std::string(text.substr(0, at)), 53};
  if (!canon::IpAddress::parse(server.address)) return canon::Refusal{"not an IP address", 0};
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
  ldns_resolver_set_edns_udp_size(resolver, edns_size);
  // We look at the TC bit ourselves.
  ldns_resolver_set_igntc(resolver, true);
  ldns_resolver_set_fallback(resolver, false);
  ldns_resolver_set_retry(resolver, tries_over_udp);
  ldns_resolver_set_timeout(resolver, resolver_timeout);
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
  const RdfPtr address = address_rdf(server.address);
  if (!address || ldns_resolver_push_nameserver(resolver, address.get()) != LDNS_STATUS_OK) {
    throw crypto::Error("cannot use the name server " + server.text());
  }
  ldns_resolver_set_port(resolver, server.port);
  ldns_resolver_set_recursive(resolver, kind == Kind::resolver);
  if (kind == Kind::authoritative) ldns_resolver_set_timeout(resolver, server_timeout);
  return client;
}

// A packet, or why there is none.
struct DnsClient::Reply {
  PacketPtr packet;
  std::string trouble;
  bool silent = false;  // nothing came at all

  bool is(ldns_pkt_rcode code) const { return packet && ldns_pkt_get_rcode(packet.get()) == code; }
};

canon::Result<DnsResponse> DnsClient::read_reply(const Reply& reply, RecordType type) {
  if (!reply.packet) return canon::Refusal{reply.trouble, 0};
  if (!reply.is(LDNS_RCODE_NOERROR) && !reply.is(LDNS_RCODE_NXDOMAIN)) {
    return canon::Refusal{"answers " + rcode_text(ldns_pkt_get_rcode(reply.packet.get())), 0};
  }
  const ldns_rr* question = ldns_rr_list_rr(ldns_pkt_question(reply.packet.get()), 0);
  if (question == nullptr) return canon::Refusal{"answers without a question", 0};
  auto response = read_response(reply.packet.get(), name_text(ldns_rr_owner(question)), type);
  // After an alias, NXDOMAIN is of the name that it leads to (RFC 6604 §3).
  response.exists = reply.is(LDNS_RCODE_NOERROR) || response.first_alias.has_value();
  return response;
}

canon::Result<DnsResponse> DnsClient::read_answer(std::span<const std::uint8_t> wire, RecordType type) {
  ldns_pkt* raw = nullptr;
  const ldns_status status = ldns_wire2pkt(&raw, wire.data(), wire.size());
  Reply reply{PacketPtr(raw), {}};
  if (status != LDNS_STATUS_OK) return canon::Refusal{"an answer that is no DNS message", 0};
  return read_reply(reply, type);
}

DnsClient::Reply DnsClient::by_udp(const ldns_pkt* query) {
  ldns_resolver* resolver = resolver_.get();
  // ldns never asks a server again that was silent once; a resolver may be silent about one broken zone.
  for (std::size_t i = 0; i < ldns_resolver_nameserver_count(resolver); ++i)
    ldns_resolver_set_nameserver_rtt(resolver, i, LDNS_RESOLV_RTT_MIN);
  ldns_pkt* raw = nullptr;
  const ldns_status status = ldns_resolver_send_pkt(&raw, resolver, const_cast<ldns_pkt*>(query));
  PacketPtr packet(raw);
  if (status == LDNS_STATUS_OK && packet && answers(packet.get(), query)) return {std::move(packet), {}};
  if (packet) return {nullptr, "an answer to another question"};
  const bool silent = status == LDNS_STATUS_ERR || status == LDNS_STATUS_NETWORK_ERR ||
                      status == LDNS_STATUS_SOCKET_ERROR || status == LDNS_STATUS_RES_NO_NS;
  return {nullptr, silent ? std::string(no_answer) : "an answer that is no DNS message", silent};
}

DnsClient::Reply DnsClient::by_tcp(const ldns_pkt* query) {
  const auto octets = wire_of(query);
  for (std::size_t i = 0; i < ldns_resolver_nameserver_count(resolver_.get()); ++i) {
    const std::unique_ptr<char, LdnsDelete<std::free>> address(
        ldns_rdf2str(ldns_resolver_nameservers(resolver_.get())[i]));
    if (!address) throw std::bad_alloc();
    const auto wire =
        exchange_over_tcp({address.get(), ldns_resolver_port(resolver_.get())}, octets, time_over_tcp);
    if (wire.empty()) continue;
    ldns_pkt* raw = nullptr;
    const ldns_status status = ldns_wire2pkt(&raw, wire.data(), wire.size());
    PacketPtr packet(raw);
    if (status != LDNS_STATUS_OK) return {nullptr, "an answer that is no DNS message over TCP"};
    if (!answers(packet.get(), query)) return {nullptr, "an answer to another question over TCP"};
    return {std::move(packet), {}};
  }
  return {nullptr, std::string(no_answer) + " over TCP", true};
}

DnsClient::Reply DnsClient::exchange(const ldns_rdf* owner, RecordType type, std::uint16_t flags) {
  const PacketPtr query = make_query(resolver_.get(), owner, type, flags);
  Reply reply = by_udp(query.get());
  if (reply.packet && !ldns_pkt_tc(reply.packet.get())) return reply;
  const bool resolver = ldns_resolver_recursive(resolver_.get());
  if (reply.silent && resolver) return reply;
  Reply second = by_tcp(query.get());
  if (reply.silent) {
    // Receivers' resolvers ask over UDP first, and most leave it at that: the world does not see this server.
    if (second.packet) reply.trouble = "no answer over UDP, only over TCP";
    return reply;
  }
  if (!second.packet) {
    second.trouble = (reply.packet ? "a truncated answer, and " : reply.trouble + ", and ") + second.trouble;
  } else if (ldns_pkt_tc(second.packet.get())) {
    return {nullptr, "a truncated answer over TCP"};
  }
  return second;
}

DnsClient::Reply DnsClient::ask_with(const std::string& name, RecordType type, std::uint16_t flags) {
  const RdfPtr owner(ldns_dname_new_frm_str(name.c_str()));
  if (!owner) return {nullptr, "not a name that DNS can hold"};
  // AD asks a resolver to say whether it validated (RFC 6840 §5.7).
  if (ldns_resolver_recursive(resolver_.get())) flags |= LDNS_RD | LDNS_AD;
  return exchange(owner.get(), type, flags);
}

canon::Result<DnsResponse> DnsClient::ask(const std::string& name, RecordType type) {
  return read_reply(ask_with(name, type, 0), type);
}

canon::Result<DnsResponse> DnsClient::ask_unchecked(const std::string& name, RecordType type) {
  Reply reply = ask_with(name, type, 0);
  if (!reply.is(LDNS_RCODE_SERVFAIL)) return read_reply(reply, type);
  auto response = read_reply(ask_with(name, type, LDNS_CD), type);
  if (!response) return response;
  auto unchecked = *std::move(response);
  unchecked.dnssec = Dnssec::bogus;
  return unchecked;
}

}  // namespace dkim::keytool
