#include "keytool/dns/authority.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dkim::keytool {
namespace {

// A zone has 13 servers at most in practice; an endless list is an attack. Servers that are not asked are
// reported, and never counted as right.
constexpr std::size_t most_servers = 20;
constexpr std::size_t most_addresses = 8;

std::string without_first_label(const std::string& name) {
  const auto dot = name.find('.');
  return dot == std::string::npos || dot + 1 == name.size() ? "." : name.substr(dot + 1);
}

NameServer with_addresses(DnsClient& resolver, const std::string& name, const Deadline& deadline) {
  NameServer server{.name = name, .addresses = {}};
  for (const RecordType type : {RecordType::a, RecordType::aaaa}) {
    if (deadline.is_over()) {
      server.fault = DnsFault::out_of_time;
      server.trouble = DnsError{DnsFault::out_of_time}.text();
      break;
    }
    const auto response = resolver.ask_unchecked(name, type);
    if (!response) {
      server.fault = response.refusal().fault;
      server.trouble = fmt::format("has no known address: the resolver {}", response.refusal().text());
      continue;
    }
    for (const auto& address : response->addresses) {
      if (server.addresses.size() < most_addresses) {
        server.addresses.push_back({address, 53});
      } else {
        server.trouble = fmt::format("has more than {} addresses: the others were not asked", most_addresses);
      }
    }
  }
  if (server.addresses.empty() && server.trouble.empty()) server.trouble = "has no address";
  return server;
}

canon::Refusal refusal_of(const std::string& question, const DnsError& error) {
  return {fmt::format("the resolver, asked for {}, {}", question, error.text()), 0};
}

canon::Result<Zone> with_servers(DnsClient& resolver, Zone zone, const Deadline& deadline) {
  const auto servers = resolver.ask_unchecked(zone.name, RecordType::ns);
  if (!servers) return refusal_of(fmt::format("the servers of {}", zone.name), servers.refusal());
  const auto& names = servers->name_servers;
  if (names.empty()) return canon::Refusal{fmt::format("the zone {} has no name servers", zone.name), 0};
  for (std::size_t i = 0; i < std::min(names.size(), most_servers); ++i)
    zone.servers.push_back(with_addresses(resolver, names[i], deadline));
  if (names.size() > most_servers) {
    zone.servers.push_back(
        {.name = fmt::format("{} more", names.size() - most_servers),
         .addresses = {},
         .trouble = fmt::format("were not asked: the zone has {} name servers", names.size())});
  }
  return zone;
}

}  // namespace

canon::Result<Zone> find_zone(DnsClient& resolver, const std::string& name, const Deadline& deadline) {
  std::string at = name;
  while (true) {
    if (deadline.is_over())
      return canon::Refusal{fmt::format("the resolver was not asked for the zone of {}: time is up", at), 0};
    const auto response = resolver.ask_unchecked(at, RecordType::soa);
    // A resolver fails at a CNAME that leads nowhere; the name above it may still have an answer. Further up,
    // that answer would come from the parent's servers, although it is the zone's own that are all dead.
    const auto may_be_alias = [&] {
      return at == name && at != "." && response.refusal().fault != DnsFault::no_answer;
    };
    if (!response && !may_be_alias())
      return refusal_of(fmt::format("the zone of {}", at), response.refusal());
    // At a CNAME the answer is about its target; the name itself is in the zone of the name above it.
    if (!response || response->alias || !response->zone) {
      if (at == ".") return canon::Refusal{fmt::format("the resolver knows no zone for {}", name), 0};
      at = without_first_label(at);
      continue;
    }
    return with_servers(resolver,
                        {*response->zone, response->primary, {}, response->negative_ttl, response->dnssec},
                        deadline);
  }
}

}  // namespace dkim::keytool
