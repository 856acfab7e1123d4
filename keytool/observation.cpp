#include "keytool/observation.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "canon/printable.hpp"
#include "keytool/authority.hpp"

namespace dkim::keytool {
namespace {

// A chain of CNAMEs from zone to zone; longer ones resolvers give up on, too.
constexpr std::size_t most_zones = 8;

std::vector<std::string> values_of(const DnsResponse& response) {
  std::vector<std::string> values;
  for (const auto& text : response.texts)
    values.push_back(text.value);
  return values;
}

unsigned memory_of(const DnsResponse& response, unsigned negative_ttl) {
  unsigned memory = std::max(negative_ttl, response.alias_ttl);
  for (const auto& text : response.texts)
    memory = std::max(memory, text.ttl);
  return memory;
}

// Asks the servers of one name's zone, and goes on with the names that they alias it to.
class Observer {
 public:
  Observer(DnsClient& resolver, const crypto::KeyRecord& expected)
      : resolver_(resolver), expected_(expected) {}

  Observation observe(const std::string& name) {
    ask_zone_of(name, "");
    return std::move(observation_);
  }

 private:
  void ask_zone_of(const std::string& name, const std::string& alias) {
    if (!asked_.insert(name).second) return;
    if (asked_.size() > most_zones) {
      trouble(alias, "a chain of CNAMEs through more than " + std::to_string(most_zones) + " zones");
      return;
    }
    const auto zone = find_zone(resolver_, name);
    if (!zone) {
      trouble(alias, zone.refusal().reason);
      return;
    }
    if (alias.empty()) observation_.authenticated = zone->authenticated;
    std::set<std::string> targets;
    for (const auto& server : zone->servers) {
      if (server.addresses.empty()) {
        observation_.servers.push_back({server.name, "", {}, "its name has no address", alias, 0});
      }
      for (const auto& address : server.addresses)
        ask_server(server.name, address, name, *zone, alias, targets);
    }
    for (const auto& target : targets)
      ask_zone_of(target, target);
  }

  void ask_server(const std::string& server, const ServerAddress& address, const std::string& name,
                  const Zone& zone, const std::string& alias, std::set<std::string>& targets) {
    ServerFinding found{server, address.text(), {}, {}, alias, 0};
    auto client = DnsClient::at(address, DnsClient::Kind::authoritative);
    const auto response = client.ask(name, RecordType::txt);
    if (!response) {
      found.trouble = response.refusal().reason;
    } else if (!response->authoritative) {
      found.trouble = "does not know the zone (a lame delegation)";
    } else if (response->alias && response->texts.empty()) {
      // The alias leads out of what this server knows: its zone's own servers decide.
      targets.insert(*response->alias);
      return;
    } else {
      found.finding = check_record(expected_, values_of(*response));
      found.memory = memory_of(*response, zone.negative_ttl);
    }
    observation_.servers.push_back(std::move(found));
  }

  void trouble(const std::string& alias, const std::string& what) {
    if (alias.empty()) {
      observation_.trouble = what;
    } else {
      observation_.servers.push_back({alias, "", {}, what, alias, 0});
    }
  }

  DnsClient& resolver_;
  const crypto::KeyRecord& expected_;
  Observation observation_;
  std::set<std::string> asked_;
};

Observation ask_resolver(DnsClient& resolver, const std::string& name, const crypto::KeyRecord& expected) {
  Observation observation;
  const auto response = resolver.ask(name, RecordType::txt);
  ServerFinding found{"resolver", "", {}, {}, {}, 0};
  if (response) {
    found.finding = check_record(expected, values_of(*response));
    found.memory = memory_of(*response, response->negative_ttl);
    found.alias = response->alias.value_or("");
    observation.authenticated = response->authenticated;
  } else {
    found.trouble = response.refusal().reason;
  }
  observation.servers.push_back(std::move(found));
  return observation;
}

std::string describe(const ServerFinding& found) {
  std::string text = found.server + " ";
  if (!found.finding) return text + found.trouble;
  text += "serves: " + std::string(to_string(found.finding->status));
  if (!found.finding->detail.empty()) text += " (" + found.finding->detail + ")";
  return text;
}

}  // namespace

DnsClient DnsAccess::open_resolver() const {
  return resolver ? DnsClient::at(*resolver, DnsClient::Kind::resolver) : DnsClient::system();
}

Observation observe(const DnsAccess& access, DnsClient& resolver, const std::string& record_name,
                    const crypto::KeyRecord& expected) {
  const std::string name = record_name + ".";
  if (!access.authoritative) return ask_resolver(resolver, name, expected);
  return Observer(resolver, expected).observe(name);
}

RecordView summarize(const Observation& observation) {
  using State = RecordView::State;
  RecordView view;
  if (observation.servers.empty()) {
    view.detail = observation.trouble;
    return view;
  }
  std::map<std::string, bool> answered;
  std::set<RecordStatus> statuses;
  const auto mention = [&](const ServerFinding& found) {
    view.detail += (view.detail.empty() ? "" : "; ") + canon::printable(describe(found));
  };
  for (const auto& found : observation.servers) {
    answered[found.server] |= found.finding.has_value();
    view.memory = std::max(view.memory, std::chrono::seconds(found.memory));
    if (!found.finding) continue;
    statuses.insert(found.finding->status);
    if (found.finding->status != RecordStatus::right) mention(found);
  }
  bool all_answered = observation.trouble.empty();
  for (const auto& found : observation.servers) {
    if (answered[found.server]) continue;
    all_answered = false;
    mention(found);
  }
  const auto all_are = [&](RecordStatus status) { return statuses.size() == 1 && statuses.contains(status); };
  if (statuses.empty()) {
    view.state = State::unknown;
  } else if (all_are(RecordStatus::missing)) {
    view.state = State::missing;
  } else if (all_are(RecordStatus::right) || all_are(RecordStatus::revoked)) {
    view.state = !all_answered                  ? State::unknown
                 : all_are(RecordStatus::right) ? State::right
                                                : State::revoked;
  } else {
    view.state = State::wrong;
  }
  return view;
}

}  // namespace dkim::keytool
