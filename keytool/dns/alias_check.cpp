#include "keytool/dns/alias_check.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "canon/printable.hpp"

namespace dkim::keytool {
namespace {

using State = AliasView::State;

// The form adds the zone to a target without a dot at its end.
std::string slip_in_target(const std::string& target, const std::string& leads_to) {
  if (!leads_to.starts_with(target) || leads_to.size() <= target.size()) return {};
  return fmt::format("; the form has added {} to the target: enter it with a dot at its end",
                     leads_to.substr(target.size(), leads_to.size() - target.size() - 1));
}

State state_of(const std::set<AliasStatus>& statuses, bool all_answered) {
  if (statuses.contains(AliasStatus::elsewhere) || statuses.contains(AliasStatus::text)) return State::wrong;
  if (statuses.contains(AliasStatus::missing)) return State::missing;
  return all_answered && !statuses.empty() ? State::right : State::unknown;
}

// A resolver that answers for a name need not know its zone.
std::string shown(std::string_view zone) {
  if (zone.ends_with('.')) zone.remove_suffix(1);
  return zone.empty() ? "the domain" : std::string(zone);
}

std::string detail_of(const RecordPlace& place, const std::string& zone, State state,
                      const std::string& list) {
  switch (state) {
    case State::right:
      return {};
    case State::missing:
    case State::wrong:
      return fmt::format("the owner of {} has to make {} a CNAME to {}: {}", shown(zone), place.name,
                         place.target, list);
    case State::unknown:
      return fmt::format(
          "not every server of {} could be asked for {}; if that lasts, its owner has to act: {}",
          shown(zone), place.name, list);
  }
  return {};
}

}  // namespace

AliasFinding check_alias(const RecordPlace& place, const DnsResponse& response) {
  const std::string target = place.target + ".";
  if (response.first_alias) {
    if (response.first_alias == target) return {AliasStatus::right, {}};
    return {AliasStatus::elsewhere,
            fmt::format("{}{}", *response.first_alias, slip_in_target(target, *response.first_alias))};
  }
  if (response.texts.empty()) return {AliasStatus::missing, {}};
  return {AliasStatus::text, {}};
}

AliasView summarize(const RecordPlace& place, const AliasObservation& observation) {
  AliasView view;
  std::map<std::string, bool> answered;
  std::set<AliasStatus> statuses;
  std::string list;
  const auto mention = [&](const std::string& server, const std::string& what) {
    list +=
        fmt::format("{}{} {}", list.empty() ? "" : "; ", canon::printable(server), canon::printable(what));
  };
  for (const auto& server : observation.servers) {
    answered[server.server] |= server.finding.has_value();
    if (!server.finding) continue;
    statuses.insert(server.finding->status);
    if (server.finding->status != AliasStatus::right)
      mention(server.server, fmt::format("has {}", text_of(*server.finding)));
  }
  view.all_answered = observation.trouble.empty() && !observation.servers.empty();
  for (const auto& server : observation.servers) {
    if (answered[server.server] && server.fault != DnsFault::out_of_time) continue;
    view.all_answered = false;
    mention(server.server, server.trouble);
  }
  if (!observation.trouble.empty()) list = canon::printable(observation.trouble);
  view.state = state_of(statuses, view.all_answered);
  view.detail = detail_of(place, observation.zone, view.state, list);
  return view;
}

std::string text_of(const AliasFinding& finding) {
  switch (finding.status) {
    case AliasStatus::right:
      return finding.detail.empty() ? "the right CNAME" : fmt::format("the right CNAME {}", finding.detail);
    case AliasStatus::missing:
      return finding.detail.empty() ? "no CNAME" : fmt::format("no CNAME ({})", finding.detail);
    case AliasStatus::elsewhere:
      return fmt::format("a CNAME to {}", finding.detail);
    case AliasStatus::text:
      return "a TXT record instead of a CNAME";
  }
  return {};
}

std::string_view to_string(State state) {
  switch (state) {
    case State::right:
      return "right";
    case State::missing:
      return "missing";
    case State::wrong:
      return "wrong";
    case State::unknown:
      return "unknown";
  }
  return {};
}

}  // namespace dkim::keytool
