#include "keytool/dns/observation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "canon/printable.hpp"
#include "crypto/keys/record_text.hpp"
#include "keytool/dns/alias_look.hpp"
#include "keytool/dns/authority.hpp"
#include "keytool/dns/misplaced_record.hpp"
#include "keytool/dns/server_look.hpp"
#include "keytool/dns/txt_answer.hpp"

namespace dkim::keytool {
namespace {

// A cache has counted the record's TTL down. It began at the TTL that we publish with, if nobody changed
// that.
unsigned memory_behind_cache(DnsClient& resolver, const std::string& name, const DnsResponse& response,
                             const Deadline& deadline) {
  const auto zone = find_zone(resolver, name, deadline);
  return std::max({crypto::default_ttl, memory_of(response), zone ? zone->negative_ttl : 0});
}

Observation ask_resolver(DnsClient& resolver, const std::string& name, const crypto::KeyRecord& expected,
                         Observer::Misplaced misplaced, const Deadline& deadline) {
  Observation observation;
  if (deadline.is_over()) {
    const DnsError error{DnsFault::out_of_time};
    observation.servers.push_back(
        {.server = "resolver", .address = "", .trouble = error.text(), .fault = error.fault});
    return observation;
  }
  const auto response = resolver.ask_unchecked(name, RecordType::txt);
  ServerFinding found{.server = "resolver", .address = ""};
  if (response) {
    found.finding = check_record(expected, values_of(*response));
    if (misplaced == Observer::Misplaced::look_for && found.finding->status == RecordStatus::missing) {
      if (const auto zone = find_zone(resolver, name, deadline))
        add_place(*found.finding, find_misplaced(expected, name, zone->name, texts_by(resolver, deadline)));
    }
    found.alias = response->alias.value_or("");
    observation.memory = memory_behind_cache(resolver, name, *response, deadline);
    observation.dnssec = response->dnssec;
  } else {
    found.trouble = response.refusal().text();
    found.fault = response.refusal().fault;
  }
  observation.servers.push_back(std::move(found));
  return observation;
}

std::string describe(const ServerFinding& found) {
  if (!found.finding) return fmt::format("{} {}", found.server, found.trouble);
  const auto status = to_string(found.finding->status);
  if (found.finding->detail.empty()) return fmt::format("{} serves: {}", found.server, status);
  return fmt::format("{} serves: {} ({})", found.server, status, found.finding->detail);
}

}  // namespace

KeyObservation Observer::look(const RecordPlace& place, const crypto::KeyRecord& expected) {
  KeyObservation observation;
  if (!place.target.empty()) observation.alias = look_at_alias(place);
  observation.record = look_at_record(place.published(), expected);
  return observation;
}

AliasObservation Observer::look_at_alias(const RecordPlace& place) {
  if (!resolver_) resolver_.emplace(access_.open_resolver());
  const auto begun = std::chrono::steady_clock::now();
  const Deadline deadline(left_);
  auto observation = access_.authoritative
                         ? keytool::look_at_alias(*resolver_, place, silent_, misplaced_, deadline)
                         : ask_for_alias(*resolver_, place, deadline);
  left_ -= std::chrono::steady_clock::now() - begun;
  for (const auto& server : observation.servers) {
    if (server.fault == DnsFault::no_answer && !server.address.empty()) silent_.insert(server.address);
  }
  return observation;
}

Observation Observer::look_at_record(const std::string& record_name, const crypto::KeyRecord& expected) {
  if (!resolver_) resolver_.emplace(access_.open_resolver());
  const std::string name = record_name + ".";
  const auto begun = std::chrono::steady_clock::now();
  const Deadline deadline(left_);
  auto observation = access_.authoritative
                         ? look_at_servers(*resolver_, name, expected, silent_, misplaced_, deadline)
                         : ask_resolver(*resolver_, name, expected, misplaced_, deadline);
  left_ -= std::chrono::steady_clock::now() - begun;
  for (const auto& server : observation.servers) {
    if (server.fault == DnsFault::no_answer && !server.address.empty()) silent_.insert(server.address);
  }
  return observation;
}

namespace {

// Sets the state by what the servers that answered serve.
void judge(RecordView& view, const std::set<RecordStatus>& statuses) {
  using State = RecordView::State;
  const auto all_are = [&](RecordStatus status) { return statuses.size() == 1 && statuses.contains(status); };
  const auto voids = statuses.count(RecordStatus::missing) + statuses.count(RecordStatus::revoked);
  view.only_void = !statuses.empty() && voids == statuses.size();
  if (statuses.empty()) {
    view.state = State::unknown;
  } else if (all_are(RecordStatus::missing)) {
    view.state = State::missing;
  } else if (all_are(RecordStatus::right) || all_are(RecordStatus::revoked)) {
    view.so_far = all_are(RecordStatus::right) ? State::right : State::revoked;
    view.state = view.all_answered ? view.so_far : State::unknown;
  } else {
    view.state = State::wrong;
  }
}

}  // namespace

RecordView summarize(const Observation& observation) {
  RecordView view;
  view.memory = std::chrono::seconds(observation.memory);
  view.zone = observation.zone.substr(0, observation.zone.find_last_not_of('.') + 1);
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
  view.all_answered = observation.trouble.empty();
  for (const auto& found : observation.servers) {
    if (answered[found.server] && found.fault != DnsFault::out_of_time) continue;
    view.all_answered = false;
    mention(found);
  }
  judge(view, statuses);
  return view;
}

RecordView summarize(const RecordPlace& place, const KeyObservation& observation) {
  auto view = summarize(observation.record);
  if (!observation.alias) return view;
  view.alias = summarize(place, *observation.alias);
  view.memory = std::max(view.memory, std::chrono::seconds(observation.alias->memory));
  if (!view.detail.empty()) view.detail = fmt::format("at {}, which is ours: {}", place.target, view.detail);
  return view;
}

}  // namespace dkim::keytool
