#include "keytool/fleet/agent_metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace dkim::keytool::fleet {
namespace {

using Outcome = SyncResult::Outcome;

std::int64_t unix_time(crypto::UtcTime time) {
  return time.time_since_epoch().count();
}

// Since the first change that this machine lacks was made; without an answer from the database, since it was
// last known to lack nothing.
std::int64_t lag(const AgentState& state, crypto::UtcTime now) {
  if (state.reached && state.last.outcome == Outcome::complete && !state.last.behind_since) return 0;
  const auto since =
      state.reached ? state.last.behind_since.value_or(state.last.contact) : state.last.contact;
  return std::max<std::int64_t>(0, (now - since).count());
}

class Text {
 public:
  template <typename Value>
  void add(std::string_view name, std::string_view type, std::string_view help, Value value,
           std::string_view labels = "") {
    text_ += fmt::format(
        "# HELP dkimsignd_fleet_{0} {2}\n# TYPE dkimsignd_fleet_{0} {1}\ndkimsignd_fleet_{0}{4} {3}\n", name,
        type, help, value, labels);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

std::string metrics_text(const AgentState& state, const std::string& version, crypto::UtcTime now) {
  const auto& last = state.last;
  Text text;
  text.add("build_info", "gauge", "Constantly 1; the version is a label.", 1,
           fmt::format("{{version=\"{}\"}}", version));
  text.add("start_time_seconds", "gauge", "When the agent started.", unix_time(state.started));
  text.add("passes_total", "counter", "Passes that were begun.", state.passes);
  text.add("passes_failed_total", "counter", "Passes that failed: no database, or nowhere to write.",
           state.passes_failed);
  text.add("notifications_total", "counter",
           "How often the database woke the agent; else it asks every few seconds.", state.notifications);
  text.add("domains_written_total", "counter", "Domains whose copy was written.", state.domains_written);
  text.add("database_reached", "gauge", "1 if the last pass came to an end, 0 if it failed.",
           state.reached ? 1 : 0);
  text.add("database_went_back", "gauge",
           "1 if the database went back in time: nothing is applied until a person chooses.",
           last.outcome == Outcome::went_back ? 1 : 0);
  text.add("sequence_applied", "gauge", "The last change that this machine's copy has.", last.applied);
  text.add("sequence_behind", "gauge",
           "How many changes of the database the copy does not have, as last known.",
           std::max<std::int64_t>(0, last.newest - last.applied));
  text.add(
      "lag_seconds", "gauge",
      "For how long the copy has lacked a change; without contact, since it was last known to lack none.",
      lag(state, now));
  text.add("last_contact_timestamp_seconds", "gauge", "When the copy was last known to have everything.",
           unix_time(last.contact));
  text.add("domains_refused", "gauge",
           "Domains that stay as they were, because their rows cannot be used here.", last.refused);
  text.add("lease_seconds", "gauge", "For how long this machine signs after a contact with the database.",
           state.lease.count());
  if (last.lease_end) {
    text.add("lease_end_timestamp_seconds", "gauge",
             "Until when this machine signs without another contact with the database.",
             unix_time(*last.lease_end));
  }
  return text.take();
}

}  // namespace dkim::keytool::fleet
