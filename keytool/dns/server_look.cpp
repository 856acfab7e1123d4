#include "keytool/dns/server_look.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "keytool/dns/authority.hpp"
#include "keytool/dns/each_address.hpp"
#include "keytool/dns/misplaced_record.hpp"
#include "keytool/dns/txt_answer.hpp"

namespace dkim::keytool {
namespace {

// Each name costs questions to all servers of its zone. Resolvers give up on longer chains of CNAMEs, too.
constexpr std::size_t longest_chain = 8;
// The names of all chains together, if servers disagree.
constexpr std::size_t most_names = 16;

// Asks the servers of the name's zone, then those of the names that they alias it to.
class Look {
 public:
  Look(DnsClient& resolver, const std::set<std::string>& silent, const crypto::KeyRecord& expected,
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
      trouble(alias, fmt::format("a chain of more than {} CNAMEs", longest_chain));
      return;
    }
    // Two servers may alias to the same name in different ways, or each to yet another name, endlessly.
    if (!asked_.insert(name).second) return;
    if (asked_.size() > most_names) {
      trouble(alias, fmt::format("more than {} names by CNAMEs", most_names));
      return;
    }
    const auto zone = find_zone(resolver_, name, deadline_);
    if (!zone) {
      trouble(alias, zone.refusal().reason);
      return;
    }
    if (alias.empty()) observation_.dnssec = zone->dnssec;
    observation_.zone = zone->name;
    for (const auto& target : ask_servers(*zone, name, alias)) {
      Chain longer = chain;
      longer.push_back(target);
      ask_zone_of(longer);
    }
  }

  // Returns the targets of the CNAMEs at the name. What a server adds about a target does not count: the
  // target's own servers decide.
  std::set<std::string> ask_servers(const Zone& zone, const std::string& name, const std::string& alias) {
    const auto answers = ask_each_address<Answer>(zone, [&](const ServerAddress& address, Answer& answer) {
      ask_address(name, zone, address, answer);
    });
    std::set<std::string> targets;
    for (const auto& server : zone.servers) {
      if (!server.trouble.empty()) {
        observation_.servers.push_back({.server = server.name,
                                        .address = "",
                                        .trouble = server.trouble,
                                        .alias = alias,
                                        .fault = server.fault});
      }
      for (const auto& address : server.addresses) {
        const auto& answer = answers.at(address.text());
        observation_.memory = std::max(observation_.memory, answer.memory);
        if (answer.alias) {
          targets.insert(*answer.alias);
        } else {
          observation_.servers.push_back(
              {server.name, address.text(), answer.finding, answer.trouble, alias, answer.fault});
          if (alias.empty()) look_elsewhere(address, name, zone, observation_.servers.back().finding);
        }
        if (answer.fault == DnsFault::no_answer) silent_.insert(address.text());
      }
    }
    observation_.memory = std::max(observation_.memory, ask_negative_ttl(zone, answers));
    return targets;
  }

  struct Answer {
    std::optional<RecordFinding> finding;
    std::string trouble;               // why there is neither a finding nor an alias
    std::optional<DnsFault> fault;     // the DNS error behind the trouble, if it is one
    std::optional<std::string> alias;  // where a CNAME at the name leads
    unsigned memory = 0;

    void fail(const DnsError& error) {
      trouble = error.text();
      fault = error.fault;
    }
  };
  using Answers = std::map<std::string, Answer>;

  // Runs in a thread of its own: only reads what is shared, and writes only its own answer.
  void ask_address(const std::string& name, const Zone& zone, const ServerAddress& address,
                   Answer& answer) const {
    if (silent_.contains(address.text())) {
      answer.fail({DnsFault::no_answer});
      return;
    }
    if (deadline_.is_over()) {
      answer.fail({DnsFault::out_of_time});
      return;
    }
    auto client = DnsClient::at(address, DnsClient::Kind::authoritative);
    const auto response = client.ask(name, RecordType::txt);
    if (!response) {
      answer.fail(response.refusal());
      return;
    }
    answer.trouble = why_it_does_not_count(*response, zone);
    if (!answer.trouble.empty()) return;
    answer.memory = memory_of(*response);
    answer.alias = response->first_alias;
    if (answer.alias) return;
    answer.finding = check_record(expected_, values_of(*response));
    discount_wildcard(client, name, zone, *response, *answer.finding);
  }

  // Returns the value of the first server that answers, or else the resolver's.
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

  // Takes the key's record for missing if a wildcard answers in its place: that record belongs to no key.
  void discount_wildcard(DnsClient& client, const std::string& name, const Zone& zone,
                         const DnsResponse& response, RecordFinding& finding) const {
    if (finding.status == RecordStatus::right) return;
    if (const auto wildcard = find_wildcard(client, name, zone.name, response, deadline_))
      finding = {RecordStatus::missing, fmt::format("the wildcard {} answers in its place", *wildcard)};
  }

  // Asks one server only: that is enough to find a record that was entered under a wrong name.
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
      observation_.servers.push_back({.server = alias, .address = "", .trouble = what, .alias = alias});
    }
  }

  DnsClient& resolver_;
  std::set<std::string> silent_;  // addresses that need not be asked again
  const crypto::KeyRecord& expected_;
  Observer::Misplaced misplaced_;
  const Deadline& deadline_;
  Observation observation_;
  std::set<std::string> asked_;
};

}  // namespace

Observation look_at_servers(DnsClient& resolver, const std::string& name, const crypto::KeyRecord& expected,
                            const std::set<std::string>& silent, Observer::Misplaced misplaced,
                            const Deadline& deadline) {
  return Look(resolver, silent, expected, misplaced, deadline).run(name);
}

}  // namespace dkim::keytool
