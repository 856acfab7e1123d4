#include "keytool/dns/server_look.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "keytool/dns/at_once.hpp"
#include "keytool/dns/authority.hpp"
#include "keytool/dns/misplaced_record.hpp"
#include "keytool/dns/txt_answer.hpp"

namespace dkim::keytool {
namespace {

// A chain of CNAMEs from name to name; longer ones resolvers give up on, too.
constexpr std::size_t longest_chain = 8;
// Of all chains together, where servers differ.
constexpr std::size_t most_names = 16;
// Each of them is another machine, mostly; a silent one is waited for while others answer.
constexpr std::size_t servers_at_once = 8;

// One look: asks the servers of the name's zone, and goes on with the names that they alias it to.
class Look {
 public:
  Look(DnsClient& resolver, std::set<std::string>& silent, const crypto::KeyRecord& expected,
       Observer::Misplaced misplaced, const Deadline& deadline)
      : resolver_(resolver),
        silent_(silent),
        expected_(expected),
        misplaced_(misplaced),
        deadline_(deadline) {}

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
    const auto zone = find_zone(resolver_, name, deadline_);
    if (!zone) {
      trouble(alias, zone.refusal().reason);
      return;
    }
    if (alias.empty()) observation_.dnssec = zone->dnssec;
    for (const auto& target : ask_servers(*zone, name, alias)) {
      Chain longer = chain;
      longer.push_back(target);
      ask_zone_of(longer);
    }
  }

  // Gives back the CNAMEs that stand in the record's place: whatever else a server knows of the name there,
  // the other name's own servers decide.
  std::set<std::string> ask_servers(const Zone& zone, const std::string& name, const std::string& alias) {
    const auto answers = ask_addresses(zone, name);
    std::set<std::string> targets;
    for (const auto& server : zone.servers) {
      if (!server.trouble.empty())
        observation_.servers.push_back({server.name, "", {}, server.trouble, alias, server.out_of_time});
      for (const auto& address : server.addresses) {
        const auto& answer = answers.at(address.text());
        observation_.memory = std::max(observation_.memory, answer.memory);
        if (answer.alias) {
          targets.insert(*answer.alias);
        } else {
          observation_.servers.push_back({server.name, address.text(), answer.finding, answer.trouble, alias,
                                          answer.trouble == time_is_up});
          if (alias.empty()) look_elsewhere(address, name, zone, observation_.servers.back().finding);
        }
        if (answer.trouble == DnsClient::no_answer) silent_.insert(address.text());
      }
    }
    observation_.memory = std::max(observation_.memory, ask_negative_ttl(zone, answers));
    return targets;
  }

  struct Answer {
    ServerAddress address;
    std::optional<RecordFinding> finding;
    std::string trouble;               // why there is none, where there is no alias either
    std::optional<std::string> alias;  // what a CNAME in the record's place leads to
    unsigned memory = 0;
  };
  using Answers = std::map<std::string, Answer>;

  // Each address once, some at a time: many may be silent. Of no server is the last address asked before the
  // first of another.
  Answers ask_addresses(const Zone& zone, const std::string& name) const {
    Answers answers;
    std::vector<Answer*> in_turn;
    for (std::size_t i = 0;; ++i) {
      bool more = false;
      for (const auto& server : zone.servers) {
        if (i >= server.addresses.size()) continue;
        more = true;
        const auto [entry, added] = answers.try_emplace(server.addresses[i].text());
        if (!added) continue;
        entry->second.address = server.addresses[i];
        in_turn.push_back(&entry->second);
      }
      if (!more) break;
    }
    do_at_once(in_turn.size(), servers_at_once, [&](std::size_t i) { ask_address(name, zone, *in_turn[i]); });
    return answers;
  }

  // In a thread of its own: reads what is shared, and writes its answer alone.
  void ask_address(const std::string& name, const Zone& zone, Answer& answer) const {
    if (silent_.contains(answer.address.text())) {
      answer.trouble = DnsClient::no_answer;
      return;
    }
    if (deadline_.is_over()) {
      answer.trouble = time_is_up;
      return;
    }
    auto client = DnsClient::at(answer.address, DnsClient::Kind::authoritative);
    const auto response = client.ask(name, RecordType::txt);
    if (!response) {
      answer.trouble = response.refusal().reason;
    } else if (response->delegation && *response->delegation != zone.name) {
      answer.trouble = "leaves the name to the servers of " + *response->delegation;
    } else if (!response->authoritative) {
      answer.trouble = "does not know the zone (a lame delegation)";
    } else {
      answer.memory = memory_of(*response);
      answer.alias = response->first_alias;
      if (answer.alias) return;
      answer.finding = check_record(expected_, values_of(*response));
      discount_wildcard(client, name, zone, *response, *answer.finding);
    }
  }

  // As the first of the servers has it that answered; what the resolver said where none tells.
  unsigned ask_negative_ttl(const Zone& zone, const Answers& answers) const {
    for (const auto& server : zone.servers) {
      for (const auto& address : server.addresses) {
        const auto& answer = answers.at(address.text());
        if ((!answer.finding && !answer.alias) || deadline_.is_over()) continue;
        const auto response =
            DnsClient::at(address, DnsClient::Kind::authoritative).ask(zone.name, RecordType::soa);
        if (response && response->authoritative && response->zone) return response->negative_ttl;
      }
    }
    return zone.negative_ttl;
  }

  // What a wildcard answers for every name is nobody's key record: the key's own is missing.
  void discount_wildcard(DnsClient& client, const std::string& name, const Zone& zone,
                         const DnsResponse& response, RecordFinding& finding) const {
    if (response.texts.empty() || finding.status == RecordStatus::right) return;
    std::string above = name;
    while (above != zone.name && above.find('.') + 1 < above.size() && !deadline_.is_over()) {
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
  void look_elsewhere(const ServerAddress& address, const std::string& name, const Zone& zone,
                      std::optional<RecordFinding>& finding) {
    if (misplaced_ == Observer::Misplaced::ignore || !finding || finding->status != RecordStatus::missing)
      return;
    misplaced_ = Observer::Misplaced::ignore;
    auto client = DnsClient::at(address, DnsClient::Kind::authoritative);
    add_place(*finding, find_misplaced(expected_, name, zone.name, texts_by(client, deadline_)));
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
  const Deadline& deadline_;
  Observation observation_;
  std::set<std::string> asked_;
};

}  // namespace

Observation look_at_servers(DnsClient& resolver, const std::string& name, const crypto::KeyRecord& expected,
                            std::set<std::string>& silent, Observer::Misplaced misplaced,
                            const Deadline& deadline) {
  return Look(resolver, silent, expected, misplaced, deadline).run(name);
}

}  // namespace dkim::keytool
