#include "keytool/dns/authority.hpp"

#include <algorithm>

namespace dkim::keytool {
namespace {

// A zone has 13 servers at most in practice; a list without end is an attack on our patience. What is not
// asked is told, and never taken for right.
constexpr std::size_t most_servers = 20;
constexpr std::size_t most_addresses = 8;

std::string without_first_label(const std::string& name) {
  const auto dot = name.find('.');
  return dot == std::string::npos || dot + 1 == name.size() ? "." : name.substr(dot + 1);
}

NameServer with_addresses(DnsClient& resolver, const std::string& name, const Deadline& deadline) {
  NameServer server{name, {}, {}};
  for (const RecordType type : {RecordType::a, RecordType::aaaa}) {
    if (deadline.is_over()) {
      server.trouble = time_is_up;
      server.out_of_time = true;
      break;
    }
    const auto response = resolver.ask_unchecked(name, type);
    if (!response) {
      server.trouble = "the resolver, asked for its address, " + response.refusal().reason;
      continue;
    }
    for (const auto& address : response->addresses) {
      if (server.addresses.size() < most_addresses) {
        server.addresses.push_back({address, 53});
      } else {
        server.trouble =
            "more than " + std::to_string(most_addresses) + " addresses: the others were not asked";
      }
    }
  }
  if (server.addresses.empty() && server.trouble.empty()) server.trouble = "its name has no address";
  return server;
}

}  // namespace

canon::Result<Zone> find_zone(DnsClient& resolver, const std::string& name, const Deadline& deadline) {
  std::string at = name;
  while (true) {
    if (deadline.is_over())
      return canon::Refusal{"the resolver, for the zone of " + at + ": " + std::string(time_is_up), 0};
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
    const auto& names = servers->name_servers;
    for (std::size_t i = 0; i < std::min(names.size(), most_servers); ++i)
      zone.servers.push_back(with_addresses(resolver, names[i], deadline));
    if (names.size() > most_servers) {
      zone.servers.push_back({std::to_string(names.size() - most_servers) + " more",
                              {},
                              "not asked: the zone has " + std::to_string(names.size()) + " name servers"});
    }
    if (zone.servers.empty()) return canon::Refusal{"the zone " + zone.name + " has no name servers", 0};
    return zone;
  }
}

}  // namespace dkim::keytool
