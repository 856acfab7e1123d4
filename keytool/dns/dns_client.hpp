// Questions to name servers, by ldns. Knows the wire, not what the answers are good for
// (keytool/dns/authority).
//
// Everything in an answer is hostile: names come back in presentation form, escaped. An answer that does not
// come, or is an error, is a Refusal with the reason in words. Not thread-safe: one client a thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "canon/result.hpp"

struct ldns_struct_pkt;
struct ldns_struct_rdf;
struct ldns_struct_resolver;

namespace dkim::keytool {

struct ServerAddress {
  std::string address;  // IPv4 or IPv6
  std::uint16_t port = 53;

  // "192.0.2.1", "192.0.2.1@5353", "2001:db8::1@53"; a Refusal for anything else.
  static canon::Result<ServerAddress> parse(std::string_view text);
  std::string text() const;
};

struct TxtRecord {
  std::string value;  // its strings, joined
  unsigned ttl = 0;   // seconds
};

// DNSSEC, as the resolver sees it: insecure where the zone is not signed, or the resolver does not validate.
enum class Dnssec { insecure, secure, bogus };

struct DnsResponse {
  bool authoritative = false;
  bool exists = false;  // the name, with records of this type or others: not so after NXDOMAIN
  Dnssec dnssec = Dnssec::insecure;
  std::vector<TxtRecord> texts;
  std::vector<std::string> name_servers;
  std::vector<std::string> addresses;
  std::vector<std::string> targets;  // of MX and PTR
  // The CNAME of the name, if it has one, and where the chain of CNAMEs in the answer ends.
  std::optional<std::string> first_alias;
  std::optional<std::string> alias;
  // The name of a delegation in place of an answer: other servers are responsible.
  std::optional<std::string> delegation;
  // The SOA in the answer or the authority section: the zone the name is in, and how long resolvers remember
  // that something is not there (RFC 2308 §5); the most that may be where a cache answers.
  std::optional<std::string> zone;
  std::string primary;  // MNAME
  unsigned negative_ttl = 0;
  unsigned alias_ttl = 0;
};

enum class RecordType { txt, soa, ns, a, aaaa, mx, ptr };

class DnsClient {
 public:
  // The refusal where nothing came within the time.
  static constexpr std::string_view no_answer = "no answer";

  // The servers of /etc/resolv.conf. Throws crypto::Error if there are none.
  static DnsClient system();
  // One server: a resolver, or an authoritative server (which is asked without recursion).
  enum class Kind { resolver, authoritative };
  static DnsClient at(const ServerAddress& server, Kind kind);

  DnsClient(DnsClient&&) noexcept;
  DnsClient& operator=(DnsClient&&) noexcept;
  ~DnsClient();

  // Over UDP, over TCP where the answer does not fit. Takes some seconds at most. A name that does not exist
  // is a response without records.
  canon::Result<DnsResponse> ask(const std::string& name, RecordType type);
  // The same, of a resolver; where it fails it is asked again without its DNSSEC checks.
  canon::Result<DnsResponse> ask_unchecked(const std::string& name, RecordType type);

  // Reads an answer as it comes over the wire, to the question that it repeats. Pure.
  static canon::Result<DnsResponse> read_answer(std::span<const std::uint8_t> wire, RecordType type);

 private:
  struct Reply;
  static canon::Result<DnsResponse> read_reply(const Reply& reply, RecordType type);
  Reply ask_with(const std::string& name, RecordType type, std::uint16_t flags);
  Reply exchange(const ldns_struct_rdf* owner, RecordType type, std::uint16_t flags);
  Reply by_udp(const ldns_struct_pkt* query);
  Reply by_tcp(const ldns_struct_pkt* query);

  explicit DnsClient(ldns_struct_resolver* resolver);
  struct Free {
    void operator()(ldns_struct_resolver* resolver) const;
  };
  std::unique_ptr<ldns_struct_resolver, Free> resolver_;
};

}  // namespace dkim::keytool
