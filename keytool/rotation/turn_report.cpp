#include "keytool/rotation/turn_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/store/published_record.hpp"
#include "keytool/keys/key_report.hpp"
#include "keytool/keys/signer_text.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool {
namespace {

std::string describe_hand_work(const HandWork& work) {
  switch (work.what) {
    case Publication::What::record:
      return fmt::format("put this record into DNS:\n{}", zone_text(work.record));
    case Publication::What::empty_record:
      return fmt::format("replace the record of {} by this one, which says that the key is void:\n{}",
                         work.record.name, zone_text(work.record));
    case Publication::What::nothing:
      return fmt::format("remove the TXT record of {} from DNS\n", work.record.name);
  }
  return {};
}

std::string describe_waiting(const Waiting& waiting) {
  return fmt::format("{}: {}{}\n", waiting.selector.str(), terminal_text(waiting.reason),
                     waiting.until ? fmt::format("; until {}", crypto::to_string(*waiting.until)) : "");
}

// What a key waits for, all of it: for DNS and for machines at the same time.
struct KeyWait {
  std::optional<std::string> reasons;
  std::optional<crypto::UtcTime> until;
  std::optional<std::string> machines;
};

KeyWait wait_of(const TurnReport& report, const canon::Selector& selector) {
  KeyWait out;
  for (const auto& entry : report.waiting) {
    if (entry.selector != selector) continue;
    out.reasons = out.reasons ? *out.reasons + "; " + entry.reason : entry.reason;
    if (entry.until) out.until = std::min(out.until.value_or(*entry.until), *entry.until);
    if (!entry.signers.empty()) out.machines = hosts_text(entry.signers);
  }
  return out;
}

}  // namespace

std::string describe_turn(const canon::DomainName& domain, const TurnReport& report) {
  std::string text = fmt::format("{}\n", domain.str());
  for (const auto& event : report.events)
    text += fmt::format("  done     {}\n", event);
  for (const auto& failure : report.failures)
    text += fmt::format("  failed   {}\n", terminal_text(failure));
  for (const auto& work : report.hand_work)
    text += fmt::format("  to do    {}", describe_hand_work(work));
  for (const auto& waiting : report.waiting)
    text += fmt::format("  waits    {}", describe_waiting(waiting));
  if (report.next_look) {
    text += fmt::format("  next     run rotate again after {}; the timer does so automatically\n",
                        crypto::to_string(*report.next_look));
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
    text += fmt::format("{}: {}\n", domain.str(), terminal_text(failure));
  return text;
}

std::vector<JsonObject> turn_objects(const canon::DomainName& domain, const TurnReport& report) {
  std::vector<JsonObject> objects;
  for (const auto& entry : report.manifest.keys) {
    auto& object = objects.emplace_back();
    add_key_members(object, domain, entry, slot_copy(report.manifest, entry.selector));
    object.optional_text("stopped", time_text(entry.stopped));
    const auto wait = wait_of(report, entry.selector);
    object.optional_text("waits_for", wait.reasons);
    object.optional_text("waits_until", time_text(wait.until));
    object.optional_text("waits_for_machines", wait.machines);
    std::optional<std::string> to_do;
    for (const auto& work : report.hand_work) {
      if (work.record.name != publication_name(report.manifest, entry.selector, domain)) continue;
      to_do = work.what == Publication::What::nothing ? "remove" : "set";
      add_record_members(object, work.record);
    }
    object.optional_text("to_do", to_do);
  }
  return objects;
}

ExitCode exit_code(const TurnReport& report) {
  if (!report.failures.empty()) return ExitCode::problem;
  return report.waits_for_somebody() || !report.hand_work.empty() ? ExitCode::waiting : ExitCode::done;
}

}  // namespace dkim::keytool
