#include "keytool/dns/alias_look.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "crypto/keys/record_text.hpp"
#include "keytool/dns/authority.hpp"
#include "keytool/dns/each_address.hpp"
#include "keytool/dns/misplaced_record.hpp"
#include "keytool/dns/txt_answer.hpp"

namespace dkim::keytool {
namespace {

// The names of all chains together, if servers disagree. Resolvers give up on longer chains, too.
constexpr std::size_t most_names = 8;

// Drops the final dot, as people write names.
std::string shown(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return std::string(name);
}

class AliasLook {
 public:
  AliasLook(DnsClient& resolver, const RecordPlace& place, const std::set<std::string>& silent,
            Observer::Misplaced misplaced, const Deadline& deadline)
      : resolver_(resolver), place_(place), silent_(silent), misplaced_(misplaced), deadline_(deadline) {}

  // Looks at a name that should lead to the target: the slot's own, or one on the way.
  AliasObservation run(const std::string& name) {
    AliasObservation observation;
    asked_.insert(name);
    const auto zone = find_zone(resolver_, name, deadline_);
    if (!zone) {
      observation.trouble = zone.refusal().reason;
      return observation;
    }
    observation.zone = zone->name;
    observation.memory = zone->negative_ttl;
    const auto answers = ask_each_address<Answer>(
        *zone, [&](const ServerAddress& address, Answer& answer) { ask(address, name, *zone, answer); });
    for (const auto& server : zone->servers) {
      if (!server.trouble.empty())
        observation.servers.push_back({server.name, "", {}, server.trouble, server.fault});
      for (const auto& address : server.addresses) {
        const auto& answer = answers.at(address.text());
        observation.memory = std::max(observation.memory, answer.memory);
        observation.servers.push_back(
            {server.name, address.text(), answer.finding, answer.trouble, answer.fault});
        if (is_first()) look_elsewhere(address, *zone, observation.servers.back());
      }
    }
    follow(answers, observation);
    return observation;
  }

 private:
  struct Answer {
    std::optional<AliasFinding> finding;
    std::string leads_to;
    std::string trouble;
    std::optional<DnsFault> fault;
    unsigned memory = 0;

    void fail(const DnsError& error) {
      trouble = error.text();
      fault = error.fault;
    }
  };

  bool is_first() const { return asked_.size() == 1; }

  // Runs in a thread of its own: only reads what is shared, and writes only its own answer.
  void ask(const ServerAddress& address, const std::string& name, const Zone& zone, Answer& answer) const {
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
    answer.finding = check_alias(place_, *response);
    answer.leads_to = response->first_alias.value_or("");
    if (answer.finding->status == AliasStatus::right) return;
    if (const auto wildcard = find_wildcard(client, name, zone.name, *response, deadline_)) {
      const std::string what = fmt::format("the wildcard {} answers in its place", *wildcard);
      // Records of a wildcard belong to no key.
      if (answer.leads_to.empty()) {
        answer.finding = {AliasStatus::missing, what};
      } else {
        answer.finding->detail += fmt::format("; {}", what);
      }
    }
  }

  // A CNAME may lead to the target by way of others, if their servers all agree.
  void follow(const std::map<std::string, Answer>& answers, AliasObservation& observation) {
    for (auto& server : observation.servers) {
      if (!server.finding || server.finding->status != AliasStatus::elsewhere) continue;
      const auto& leads_to = answers.at(server.address).leads_to;
      const auto further = state_at(leads_to, observation.memory);
      if (further == AliasView::State::right) {
        server.finding = {AliasStatus::right, fmt::format("by way of {}", leads_to)};
      } else if (further == AliasView::State::unknown) {
        server.finding.reset();
        server.trouble = fmt::format("has a CNAME to {}, whose servers could not all be asked", leads_to);
      }
    }
  }

  AliasView::State state_at(const std::string& name, unsigned& memory) {
    if (const auto known = states_.find(name); known != states_.end()) return known->second;
    // A loop, or an endless row of names.
    if (asked_.contains(name) || asked_.size() >= most_names) return AliasView::State::wrong;
    const auto further = run(name);
    memory = std::max(memory, further.memory);
    auto state = summarize(place_, further).state;
    // A name that does not exist, or that is in no zone, leads nowhere for good.
    if (state == AliasView::State::missing) state = AliasView::State::wrong;
    states_[name] = state;
    return state;
  }

  // Asks one server only: that is enough to find a CNAME that was entered under a wrong name.
  void look_elsewhere(const ServerAddress& address, const Zone& zone, AliasServer& server) {
    if (misplaced_ == Observer::Misplaced::ignore || !server.finding ||
        server.finding->status != AliasStatus::missing)
      return;
    misplaced_ = Observer::Misplaced::ignore;
    auto client = DnsClient::at(address, DnsClient::Kind::authoritative);
    for (const auto& [name, advice] : misplaced_names(place_.name + ".", zone.name)) {
      if (deadline_.is_over()) return;
      const auto response = client.ask(name, RecordType::txt);
      if (!response || check_alias(place_, *response).status != AliasStatus::right) continue;
      server.finding->detail = fmt::format("it is at {} instead; {}", shown(name), advice);
      return;
    }
  }

  DnsClient& resolver_;
  const RecordPlace& place_;
  std::set<std::string> silent_;
  Observer::Misplaced misplaced_;
  const Deadline& deadline_;
  std::set<std::string> asked_;
  std::map<std::string, AliasView::State> states_;
};

}  // namespace

AliasObservation look_at_alias(DnsClient& resolver, const RecordPlace& place,
                               const std::set<std::string>& silent, Observer::Misplaced misplaced,
                               const Deadline& deadline) {
  return AliasLook(resolver, place, silent, misplaced, deadline).run(place.name + ".");
}

AliasObservation ask_for_alias(DnsClient& resolver, const RecordPlace& place, const Deadline& deadline) {
  AliasObservation observation;
  AliasServer found{.server = "resolver", .address = ""};
  const std::string name = place.name + ".";
  if (deadline.is_over()) {
    const DnsError error{DnsFault::out_of_time};
    observation.servers.push_back({"resolver", "", {}, error.text(), error.fault});
    return observation;
  }
  const auto response = resolver.ask_unchecked(name, RecordType::txt);
  if (response) {
    // A resolver follows CNAMEs to their end.
    found.finding = response->alias == place.target + "." ? AliasFinding{AliasStatus::right, {}}
                                                          : check_alias(place, *response);
    // A cache has counted the TTL down.
    observation.memory = std::max(crypto::default_ttl, memory_of(*response));
    if (const auto zone = find_zone(resolver, name, deadline)) {
      observation.zone = zone->name;
      observation.memory = std::max(observation.memory, zone->negative_ttl);
    }
  } else {
    found.trouble = response.refusal().text();
    found.fault = response.refusal().fault;
  }
  observation.servers.push_back(std::move(found));
  return observation;
}

}  // namespace dkim::keytool
