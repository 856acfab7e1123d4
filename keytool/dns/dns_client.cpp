#include "keytool/dns/dns_client.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "crypto/error.hpp"
#include "keytool/dns/answer_reader.hpp"
#include "keytool/dns/ldns_types.hpp"
#include "keytool/dns/tcp_exchange.hpp"
#include "keytool/dns/udp_exchange.hpp"

namespace dkim::keytool {
namespace {

// A resolver has to ask others; a server knows its zone. The second try is for a lost datagram.
constexpr std::chrono::seconds resolver_time{3};
constexpr std::chrono::seconds server_time{2};
constexpr int tries_over_udp = 2;
constexpr std::chrono::seconds time_over_tcp{5};
// The bytes that fit into one unfragmented datagram nearly everywhere (DNS flag day 2020).
constexpr std::uint16_t edns_size = 1232;

// Anybody can send a datagram from off the path: only who also knows the question and its ID is believed.
// ldns does not check that (RFC 5452 §9.1).
bool answers(const ldns_pkt* reply, const ldns_pkt* query) {
  if (ldns_pkt_id(reply) != ldns_pkt_id(query) || !ldns_pkt_qr(reply)) return false;
  const ldns_rr* answered = ldns_rr_list_rr(ldns_pkt_question(reply), 0);
  // An error may come without the question.
  if (answered == nullptr) return ldns_pkt_get_rcode(reply) != LDNS_RCODE_NOERROR;
  return ldns_rr_compare_no_rdata(answered, ldns_rr_list_rr(ldns_pkt_question(query), 0)) == 0;
}

PacketPtr make_query(ldns_resolver* resolver, const ldns_rdf* owner, RecordType type, std::uint16_t flags) {
  ldns_pkt* raw = nullptr;
  const ldns_status status = ldns_resolver_prepare_query_pkt(
      &raw, resolver, owner, static_cast<ldns_rr_type>(type_number(type)), LDNS_RR_CLASS_IN, flags);
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
  const auto address = canon::IpAddress::parse(text.substr(0, at));
  if (!address) return canon::Refusal{"not an IP address", 0};
  ServerAddress server{*address, 53};
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
  return port == 53 ? address.text() : fmt::format("{}@{}", address.text(), port);
}

void DnsClient::Free::operator()(ldns_struct_resolver* resolver) const {
  ldns_resolver_deep_free(resolver);
}

DnsClient::DnsClient(ldns_struct_resolver* resolver) : resolver_(resolver) {
  ldns_resolver_set_edns_udp_size(resolver, edns_size);
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
  if (ldns_resolver_push_nameserver(resolver, address.get()) != LDNS_STATUS_OK) {
    throw crypto::Error(fmt::format("cannot use the name server {}", server.text()));
  }
  ldns_resolver_set_port(resolver, server.port);
  ldns_resolver_set_recursive(resolver, kind == Kind::resolver);
  return client;
}

// A packet, or why there is none.
struct DnsClient::Reply {
  PacketPtr packet;
  DnsError error = {};

  static Reply failure(DnsFault fault) { return {nullptr, {fault}}; }
  bool is(ldns_pkt_rcode code) const { return packet && ldns_pkt_get_rcode(packet.get()) == code; }
};

DnsResult<DnsResponse> DnsClient::read_reply(const Reply& reply, RecordType type) {
  if (!reply.packet) return reply.error;
  if (!reply.is(LDNS_RCODE_NOERROR) && !reply.is(LDNS_RCODE_NXDOMAIN))
    return DnsError{DnsFault::refused, rcode_text(ldns_pkt_get_rcode(reply.packet.get()))};
  const ldns_rr* question = ldns_rr_list_rr(ldns_pkt_question(reply.packet.get()), 0);
  if (question == nullptr) return DnsError{DnsFault::no_question};
  auto response = read_response(reply.packet.get(), name_text(ldns_rr_owner(question)), type);
  // After an alias, NXDOMAIN is about the name that it leads to (RFC 6604 §3).
  response.exists = reply.is(LDNS_RCODE_NOERROR) || response.first_alias.has_value();
  return response;
}

DnsResult<DnsResponse> DnsClient::read_answer(std::span<const std::uint8_t> wire, RecordType type) {
  ldns_pkt* raw = nullptr;
  const ldns_status status = ldns_wire2pkt(&raw, wire.data(), wire.size());
  const Reply reply{PacketPtr(raw)};
  if (status != LDNS_STATUS_OK) return DnsError{DnsFault::malformed};
  return read_reply(reply, type);
}

std::vector<ServerAddress> DnsClient::servers() const {
  ldns_resolver* resolver = resolver_.get();
  std::vector<ServerAddress> servers;
  for (std::size_t i = 0; i < ldns_resolver_nameserver_count(resolver); ++i) {
    if (const auto address = address_of(ldns_resolver_nameservers(resolver)[i]))
      servers.push_back({*address, ldns_resolver_port(resolver)});
  }
  return servers;
}

DnsClient::Reply DnsClient::read_packet(std::span<const std::uint8_t> wire, const ldns_pkt* query) {
  ldns_pkt* raw = nullptr;
  const ldns_status status = ldns_wire2pkt(&raw, wire.data(), wire.size());
  PacketPtr packet(raw);
  if (status != LDNS_STATUS_OK) return Reply::failure(DnsFault::malformed);
  if (!answers(packet.get(), query)) return Reply::failure(DnsFault::other_question);
  return {std::move(packet)};
}

DnsClient::Reply DnsClient::by_udp(const ldns_pkt* query) {
  const auto bytes = wire_of(query);
  const auto time = ldns_resolver_recursive(resolver_.get()) ? resolver_time : server_time;
  for (int i = 0; i < tries_over_udp; ++i) {
    for (const auto& server : servers()) {
      const auto wire = exchange_over_udp(server, bytes, time);
      if (!wire.empty()) return read_packet(wire, query);
    }
  }
  return Reply::failure(DnsFault::no_answer);
}

DnsClient::Reply DnsClient::by_tcp(const ldns_pkt* query) {
  const auto bytes = wire_of(query);
  for (const auto& server : servers()) {
    const auto wire = exchange_over_tcp(server, bytes, time_over_tcp);
    if (!wire.empty()) return read_packet(wire, query);
  }
  return Reply::failure(DnsFault::no_answer);
}

DnsClient::Reply DnsClient::exchange(const ldns_rdf* owner, RecordType type, std::uint16_t flags) {
  const PacketPtr query = make_query(resolver_.get(), owner, type, flags);
  Reply reply = by_udp(query.get());
  if (reply.packet && !ldns_pkt_tc(reply.packet.get())) return reply;
  const bool resolver = ldns_resolver_recursive(resolver_.get());
  const bool silent = !reply.packet && reply.error.fault == DnsFault::no_answer;
  if (silent && resolver) return reply;
  Reply second = by_tcp(query.get());
  if (silent) {
    // Most receivers' resolvers ask over UDP only: for them, this server does not exist.
    if (second.packet) return Reply::failure(DnsFault::only_over_tcp);
    return reply;
  }
  if (second.packet && !ldns_pkt_tc(second.packet.get())) return second;
  return {nullptr,
          {.fault = reply.packet ? DnsFault::truncated : reply.error.fault,
           .over_tcp = second.packet ? DnsFault::truncated : second.error.fault}};
}

DnsClient::Reply DnsClient::ask_with(const std::string& name, RecordType type, std::uint16_t flags) {
  const RdfPtr owner(ldns_dname_new_frm_str(name.c_str()));
  if (!owner) return Reply::failure(DnsFault::not_a_name);
  // AD asks a resolver to say whether it validated (RFC 6840 §5.7).
  if (ldns_resolver_recursive(resolver_.get())) flags |= LDNS_RD | LDNS_AD;
  return exchange(owner.get(), type, flags);
}

DnsResult<DnsResponse> DnsClient::ask(const std::string& name, RecordType type) {
  return read_reply(ask_with(name, type, 0), type);
}

DnsResult<DnsResponse> DnsClient::ask_unchecked(const std::string& name, RecordType type) {
  Reply reply = ask_with(name, type, 0);
  if (!reply.is(LDNS_RCODE_SERVFAIL)) return read_reply(reply, type);
  auto response = read_reply(ask_with(name, type, LDNS_CD), type);
  if (!response) return response;
  auto unchecked = *std::move(response);
  unchecked.dnssec = Dnssec::bogus;
  return unchecked;
}

}  // namespace dkim::keytool
