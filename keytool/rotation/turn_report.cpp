#include "keytool/rotation/turn_report.hpp"

#include "crypto/keys/key_record.hpp"
#include "keytool/keys/key_report.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool {
namespace {

std::string describe_hand_work(const HandWork& work) {
  switch (work.what) {
    case Publication::What::record:
      return "put this record into DNS:\n" + zone_text(work.record);
    case Publication::What::empty_record:
      return "replace the record of " + work.record.name +
             " by this one, which says that the key is void:\n" + zone_text(work.record);
    default:
      return "take the TXT record of " + work.record.name + " out of DNS\n";
  }
}

std::string describe_waiting(const Waiting& waiting) {
  std::string text = waiting.selector.str() + ": " + terminal_text(waiting.reason);
  if (waiting.until) text += "; until " + crypto::to_string(*waiting.until);
  return text + "\n";
}

const Waiting* waiting_of(const TurnReport& report, const canon::Selector& selector) {
  for (const auto& entry : report.waiting) {
    if (entry.selector == selector) return &entry;
  }
  return nullptr;
}

}  // namespace

std::string describe_turn(const canon::DomainName& domain, const TurnReport& report) {
  std::string text = domain.str() + "\n";
  for (const auto& event : report.events)
    text += "  done     " + event + "\n";
  for (const auto& failure : report.failures)
    text += "  failed   " + terminal_text(failure) + "\n";
  for (const auto& work : report.hand_work)
    text += "  to do    " + describe_hand_work(work);
  for (const auto& waiting : report.waiting)
    text += "  waits    " + describe_waiting(waiting);
  if (report.next_look) {
    text += "  next     run rotate again after " + crypto::to_string(*report.next_look) +
            "; a timer does by itself\n";
  }
  if (report.events.empty() && report.failures.empty() && report.hand_work.empty() &&
      report.waiting.empty()) {
    text += "  nothing to do\n";
  }
  return text;
}

std::string failures_text(const canon::DomainName& domain, const TurnReport& report) {
  std::string text;
  for (const auto& failure : report.failures)
    text += domain.str() + ": " + terminal_text(failure) + "\n";
  return text;
}

void add_turn_objects(std::vector<JsonObject>& objects, const canon::DomainName& domain,
                      const TurnReport& report) {
  for (const auto& entry : report.manifest.keys) {
    auto& object = objects.emplace_back();
    add_key_members(object, domain, entry);
    const auto* waiting = waiting_of(report, entry.selector);
    object.optional_text("waits_for", waiting ? std::optional(waiting->reason) : std::nullopt);
    object.optional_text("waits_until", waiting ? time_text(waiting->until) : std::nullopt);
    std::optional<std::string> to_do;
    for (const auto& work : report.hand_work) {
      if (work.record.name != crypto::record_name(entry.selector, domain)) continue;
      to_do = work.what == Publication::What::nothing ? "remove" : "set";
      add_record_members(object, work.record);
    }
    object.optional_text("to_do", to_do);
  }
}

ExitCode exit_code(const TurnReport& report) {
  if (!report.failures.empty()) return ExitCode::problem;
  return report.waits_for_somebody() || !report.hand_work.empty() ? ExitCode::waiting : ExitCode::done;
}

}  // namespace dkim::keytool
