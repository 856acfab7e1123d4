#include "keytool/dns/observation.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "canon/printable.hpp"
#include "crypto/keys/record_text.hpp"
#include "keytool/dns/authority.hpp"
#include "keytool/dns/misplaced_record.hpp"
#include "keytool/dns/server_look.hpp"
#include "keytool/dns/txt_answer.hpp"

namespace dkim::keytool {
namespace {

// A cache has counted the record's TTL down; what it was is what we published with, if nobody changed it.
unsigned memory_behind_cache(DnsClient& resolver, const std::string& name, const DnsResponse& response,
                             const Deadline& deadline) {
  const auto zone = find_zone(resolver, name, deadline);
  return std::max({crypto::default_ttl, memory_of(response), zone ? zone->negative_ttl : 0});
}

Observation ask_resolver(DnsClient& resolver, const std::string& name, const crypto::KeyRecord& expected,
                         Observer::Misplaced misplaced, const Deadline& deadline) {
  Observation observation;
  if (deadline.is_over()) {
    observation.servers.push_back({"resolver", "", {}, std::string(time_is_up), {}, true});
    return observation;
  }
  const auto response = resolver.ask_unchecked(name, RecordType::txt);
  ServerFinding found{"resolver", "", {}, {}, {}};
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

Observation Observer::look(const std::string& record_name, const crypto::KeyRecord& expected) {
  if (!resolver_) resolver_.emplace(access_.open_resolver());
  const std::string name = record_name + ".";
  const auto begun = std::chrono::steady_clock::now();
  const Deadline deadline(left_);
  auto observation = access_.authoritative
                         ? look_at_servers(*resolver_, name, expected, silent_, misplaced_, deadline)
                         : ask_resolver(*resolver_, name, expected, misplaced_, deadline);
  left_ -= std::chrono::steady_clock::now() - begun;
  return observation;
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
    if (answered[found.server] && !found.out_of_time) continue;
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
