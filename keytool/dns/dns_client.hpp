// Asks name servers through ldns. Knows the wire format, not what the answers are used for
// (keytool/dns/authority).
//
// Everything in an answer is hostile: names are returned in presentation form, escaped. A missing or unusable
// answer is a DnsError. Not thread-safe: each thread needs its own client.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "canon/ip_address.hpp"
#include "canon/result.hpp"
#include "keytool/dns/dns_error.hpp"
#include "keytool/dns/dns_response.hpp"

struct ldns_struct_pkt;
struct ldns_struct_rdf;
struct ldns_struct_resolver;

namespace dkim::keytool {

struct ServerAddress {
  canon::IpAddress address;
  std::uint16_t port = 53;

  // Parses "192.0.2.1", "192.0.2.1@5353" or "2001:db8::1@53"; returns a Refusal for anything else.
  static canon::Result<ServerAddress> parse(std::string_view text);
  std::string text() const;
};

class DnsClient {
 public:
  // Returns a client of the servers in /etc/resolv.conf. Throws crypto::Error if there are none.
  static DnsClient system();
  // Returns a client of one server. An authoritative server is asked without recursion.
  enum class Kind { resolver, authoritative };
  static DnsClient at(const ServerAddress& server, Kind kind);

  DnsClient(DnsClient&&) noexcept;
  DnsClient& operator=(DnsClient&&) noexcept;
  ~DnsClient();

  // Asks over UDP, and over TCP if the answer does not fit. Takes a few seconds at most. A name that does not
  // exist is a response without records.
  DnsResult<DnsResponse> ask(const std::string& name, RecordType type);
  // Asks a resolver; if it answers SERVFAIL, asks again without its DNSSEC checks.
  DnsResult<DnsResponse> ask_unchecked(const std::string& name, RecordType type);

  // Reads an answer in wire format, to the question that it repeats. Pure.
  static DnsResult<DnsResponse> read_answer(std::span<const std::uint8_t> wire, RecordType type);

 private:
  struct Reply;
  static DnsResult<DnsResponse> read_reply(const Reply& reply, RecordType type);
  Reply ask_with(const std::string& name, RecordType type, std::uint16_t flags);
  Reply exchange(const ldns_struct_rdf* owner, RecordType type, std::uint16_t flags);
  std::vector<ServerAddress> servers() const;
  static Reply read_packet(std::span<const std::uint8_t> wire, const ldns_struct_pkt* query);
  Reply by_udp(const ldns_struct_pkt* query);
  Reply by_tcp(const ldns_struct_pkt* query);

  explicit DnsClient(ldns_struct_resolver* resolver);
  struct Free {
    void operator()(ldns_struct_resolver* resolver) const;
  };
  std::unique_ptr<ldns_struct_resolver, Free> resolver_;
};

}  // namespace dkim::keytool
