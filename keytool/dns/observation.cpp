#include "keytool/dns/observation.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "canon/printable.hpp"
#include "crypto/record_text.hpp"
#include "keytool/dns/authority.hpp"
#include "keytool/dns/misplaced_record.hpp"

namespace dkim::keytool {
namespace {

// A chain of CNAMEs from name to name; longer ones resolvers give up on, too.
constexpr std::size_t longest_chain = 8;
// Of all chains together, where servers differ.
constexpr std::size_t most_names = 16;

std::vector<std::string> values_of(const DnsResponse& response) {
  std::vector<std::string> values;
  for (const auto& text : response.texts)
    values.push_back(text.value);
  std::sort(values.begin(), values.end());
  return values;
}

unsigned memory_of(const DnsResponse& response) {
  unsigned memory = response.alias_ttl;
  for (const auto& text : response.texts)
    memory = std::max(memory, text.ttl);
  return memory;
}

AskTexts texts_by(DnsClient& client) {
  return [&client](const std::string& name) {
    const auto response = client.ask(name, RecordType::txt);
    return response ? values_of(*response) : std::vector<std::string>{};
  };
}

void add_place(RecordFinding& finding, const std::optional<std::string>& place) {
  if (place) finding.detail += (finding.detail.empty() ? "" : "; ") + *place;
}

// One look: asks the servers of the name's zone, and goes on with the names that they alias it to.
class Look {
 public:
  Look(DnsClient& resolver, std::set<std::string>& silent, const crypto::KeyRecord& expected,
       Observer::Misplaced misplaced)
      : resolver_(resolver), silent_(silent), expected_(expected), misplaced_(misplaced) {}

  Observation run(const std::string& name) {
    ask_zone_of({name});
    return std::move(observation_);
  }

 private:
  // The record's own name and the CNAMEs that led on from it.
  using Chain = std::vector<std::string>;

  void ask_zone_of(const Chain& chain) {
    const std::string& name = chain.back();
    const std::string alias = chain.size() > 1 ? name : "";
    if (std::count(chain.begin(), chain.end(), name) > 1) {
      trouble(alias, "a loop of CNAMEs");
      return;
    }
    if (chain.size() > longest_chain) {
      trouble(alias, "a chain of more than " + std::to_string(longest_chain) + " CNAMEs");
      return;
    }
    // Two servers may alias to the same name by different ways; or each to another one, without end.
    if (!asked_.insert(name).second) return;
    if (asked_.size() > most_names) {
      trouble(alias, "more than " + std::to_string(most_names) + " names by CNAMEs");
      return;
    }
    const auto zone = find_zone(resolver_, name);
    if (!zone) {
      trouble(alias, zone.refusal().reason);
      return;
    }
    if (alias.empty()) observation_.dnssec = zone->dnssec;
    std::set<std::string> targets;
    negative_ttl_.reset();
    for (const auto& server : zone->servers) {
      if (!server.trouble.empty()) {
        observation_.servers.push_back({server.name, "", {}, server.trouble, alias});
      }
      for (const auto& address : server.addresses) {
        if (const auto target = ask_server(server.name, address, name, *zone, alias)) targets.insert(*target);
      }
    }
    observation_.memory = std::max(observation_.memory, negative_ttl_.value_or(zone->negative_ttl));
    for (const auto& target : targets) {
      Chain longer = chain;
      longer.push_back(target);
      ask_zone_of(longer);
    }
  }

  // Gives back the CNAME that stands in the record's place, if one does: whatever else the server knows of
  // the name there, that name's own servers decide.
  std::optional<std::string> ask_server(const std::string& server, const ServerAddress& address,
                                        const std::string& name, const Zone& zone, const std::string& alias) {
    ServerFinding found{server, address.text(), {}, {}, alias};
    if (silent_.contains(found.address)) {
      found.trouble = DnsClient::no_answer;
      observation_.servers.push_back(std::move(found));
      return {};
    }
    auto client = DnsClient::at(address, DnsClient::Kind::authoritative);
    const auto response = client.ask(name, RecordType::txt);
    if (!response) {
      found.trouble = response.refusal().reason;
      if (found.trouble == DnsClient::no_answer) silent_.insert(found.address);
    } else if (response->delegation && *response->delegation != zone.name) {
      found.trouble = "leaves the name to the servers of " + *response->delegation;
    } else if (!response->authoritative) {
      found.trouble = "does not know the zone (a lame delegation)";
    } else {
      observation_.memory = std::max(observation_.memory, memory_of(*response));
      if (!negative_ttl_) ask_negative_ttl(client, zone);
      if (response->first_alias) return response->first_alias;
      found.finding = check_record(expected_, values_of(*response));
      discount_wildcard(client, name, zone, *response, *found.finding);
      if (alias.empty()) look_elsewhere(client, name, zone, *found.finding);
    }
    observation_.servers.push_back(std::move(found));
    return {};
  }

  void ask_negative_ttl(DnsClient& client, const Zone& zone) {
    const auto response = client.ask(zone.name, RecordType::soa);
    if (response && response->authoritative && response->zone) negative_ttl_ = response->negative_ttl;
  }

  // What a wildcard answers for every name is nobody's key record: the key's own is missing.
  static void discount_wildcard(DnsClient& client, const std::string& name, const Zone& zone,
                                const DnsResponse& response, RecordFinding& finding) {
    if (response.texts.empty() || finding.status == RecordStatus::right) return;
    std::string above = name;
    while (above != zone.name && above.find('.') + 1 < above.size()) {
      above.erase(0, above.find('.') + 1);
      const std::string wildcard = "*." + above;
      const auto answer = client.ask(wildcard, RecordType::txt);
      if (!answer) return;
      if (answer->texts.empty()) continue;
      if (values_of(*answer) == values_of(response)) {
        finding = {RecordStatus::missing, "the wildcard " + wildcard + " answers in its place"};
      }
      return;
    }
  }

  // One server is enough to find a record that was entered under a wrong name.
  void look_elsewhere(DnsClient& client, const std::string& name, const Zone& zone, RecordFinding& finding) {
    if (misplaced_ == Observer::Misplaced::ignore || finding.status != RecordStatus::missing) return;
    misplaced_ = Observer::Misplaced::ignore;
    add_place(finding, find_misplaced(expected_, name, zone.name, texts_by(client)));
  }

  void trouble(const std::string& alias, const std::string& what) {
    if (alias.empty()) {
      observation_.trouble = what;
    } else {
      observation_.servers.push_back({alias, "", {}, what, alias});
    }
  }

  DnsClient& resolver_;
  std::set<std::string>& silent_;
  const crypto::KeyRecord& expected_;
  Observer::Misplaced misplaced_;
  Observation observation_;
  std::optional<unsigned> negative_ttl_;  // of the zone being asked, as one of its servers has it
  std::set<std::string> asked_;
};

// A cache has counted the record's TTL down; what it was is what we published with, if nobody changed it.
unsigned memory_behind_cache(DnsClient& resolver, const std::string& name, const DnsResponse& response) {
  const auto zone = find_zone(resolver, name);
  return std::max({crypto::default_ttl, memory_of(response), zone ? zone->negative_ttl : 0});
}

Observation ask_resolver(DnsClient& resolver, const std::string& name, const crypto::KeyRecord& expected,
                         Observer::Misplaced misplaced) {
  Observation observation;
  const auto response = resolver.ask_unchecked(name, RecordType::txt);
  ServerFinding found{"resolver", "", {}, {}, {}};
  if (response) {
    found.finding = check_record(expected, values_of(*response));
    if (misplaced == Observer::Misplaced::look_for && found.finding->status == RecordStatus::missing) {
      if (const auto zone = find_zone(resolver, name))
        add_place(*found.finding, find_misplaced(expected, name, zone->name, texts_by(resolver)));
    }
    found.alias = response->alias.value_or("");
    observation.memory = memory_behind_cache(resolver, name, *response);
    observation.dnssec = response->dnssec;
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

Observation Observer::look(const std::string& record_name, const crypto::KeyRecord& expected) {
  if (!resolver_) resolver_.emplace(access_.open_resolver());
  const std::string name = record_name + ".";
  if (!access_.authoritative) return ask_resolver(*resolver_, name, expected, misplaced_);
  return Look(*resolver_, silent_, expected, misplaced_).run(name);
}

RecordView summarize(const Observation& observation) {
  using State = RecordView::State;
  RecordView view;
  view.memory = std::chrono::seconds(observation.memory);
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
  view.all_answered = all_answered;
  const auto all_are = [&](RecordStatus status) { return statuses.size() == 1 && statuses.contains(status); };
  if (statuses.empty()) {
    view.state = State::unknown;
  } else if (all_are(RecordStatus::missing)) {
    view.state = State::missing;
  } else if (all_are(RecordStatus::right) || all_are(RecordStatus::revoked)) {
    view.so_far = all_are(RecordStatus::right) ? State::right : State::revoked;
    view.state = all_answered ? view.so_far : State::unknown;
  } else {
    view.state = State::wrong;
  }
  return view;
}

}  // namespace dkim::keytool
