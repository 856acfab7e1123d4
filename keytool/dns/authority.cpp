#include "keytool/dns/authority.hpp"

namespace dkim::keytool {
namespace {

// A zone has 13 servers at most in practice; a list without end is an attack on our patience.
constexpr std::size_t most_servers = 20;
constexpr std::size_t most_addresses = 4;

std::string without_first_label(const std::string& name) {
  const auto dot = name.find('.');
  return dot == std::string::npos || dot + 1 == name.size() ? "." : name.substr(dot + 1);
}

std::vector<ServerAddress> addresses_of(DnsClient& resolver, const std::string& server) {
  std::vector<ServerAddress> out;
  for (const RecordType type : {RecordType::a, RecordType::aaaa}) {
    const auto response = resolver.ask_unchecked(server, type);
    if (!response) continue;
    for (const auto& address : response->addresses) {
      if (out.size() < most_addresses) out.push_back({address, 53});
    }
  }
  return out;
}

}  // namespace

canon::Result<Zone> find_zone(DnsClient& resolver, const std::string& name) {
  std::string at = name;
  while (true) {
    const auto response = resolver.ask_unchecked(at, RecordType::soa);
    // A resolver fails at a CNAME that leads nowhere; what is above it is another question. Further up it
    // would be the servers of the parent that answer for a zone whose own are all dead.
    const auto may_be_alias = [&] {
      return at == name && at != "." && response.refusal().reason != DnsClient::no_answer;
    };
    if (!response && !may_be_alias())
      return canon::Refusal{"the resolver, asked for the zone of " + at + ", " + response.refusal().reason,
                            0};
    // At a CNAME the answer is about where it leads; the name itself is in the zone of what is above it.
    if (!response || response->alias || !response->zone) {
      if (at == ".") return canon::Refusal{"the resolver knows no zone for " + name, 0};
      at = without_first_label(at);
      continue;
    }
    Zone zone{*response->zone, response->primary, {}, response->negative_ttl, response->dnssec};
    const auto servers = resolver.ask_unchecked(zone.name, RecordType::ns);
    if (!servers)
      return canon::Refusal{
          "the resolver, asked for the servers of " + zone.name + ", " + servers.refusal().reason, 0};
    for (const auto& server : servers->name_servers) {
      if (zone.servers.size() < most_servers)
        zone.servers.push_back({server, addresses_of(resolver, server)});
    }
    if (zone.servers.empty()) return canon::Refusal{"the zone " + zone.name + " has no name servers", 0};
    return zone;
  }
}

}  // namespace dkim::keytool
