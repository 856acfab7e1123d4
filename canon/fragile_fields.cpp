#include "canon/fragile_fields.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "canon/text.hpp"

namespace dkim::canon {
namespace {

// In which case a hop breaks the signature.
enum class Breaks {
  if_said_absent,    // a hop adds one to a message that has none
  if_oversigned,     // a hop adds one on top of what is there
  if_signed_at_all,  // a hop replaces or removes what is there
};

struct Habit {
  std::string_view pattern;  // of names in lower case
  Breaks breaks;
  std::string_view reason;
};

constexpr std::string_view may_be_added =
    "a later hop may add one to a message that has none (RFC 6409 section 8); with ? behind the name it is "
    "oversigned only where the message has one";
constexpr std::string_view by_lists =
    "a mailing list adds its own; with ? behind the name it is oversigned only where the message has one";
constexpr std::string_view by_delivery = "hops and delivery add one on top";
constexpr std::string_view by_resending =
    "whoever sends a message again puts another set on top (RFC 5322 section 3.6.6)";
constexpr std::string_view by_filters = "filters on the way add, replace and remove it";
constexpr std::string_view by_software = "software on the way adds and removes it";

constexpr std::array<Habit, 43> habits = {{
    {"date", Breaks::if_said_absent, may_be_added},
    {"message-id", Breaks::if_said_absent, may_be_added},
    {"mime-version", Breaks::if_said_absent, may_be_added},
    {"content-*", Breaks::if_said_absent, may_be_added},
    {"sender", Breaks::if_said_absent, may_be_added},
    {"list-*", Breaks::if_said_absent, by_lists},
    {"precedence", Breaks::if_said_absent, by_lists},
    {"errors-to", Breaks::if_said_absent, by_lists},
    {"resent-bcc", Breaks::if_signed_at_all, by_software},
    {"resent-*", Breaks::if_oversigned, by_resending},
    {"delivered-to", Breaks::if_oversigned, by_delivery},
    {"x-original-to", Breaks::if_oversigned, by_delivery},
    {"x-delivered-to", Breaks::if_oversigned, by_delivery},
    {"envelope-*", Breaks::if_oversigned, by_delivery},
    {"x-envelope-*", Breaks::if_oversigned, by_delivery},
    {"apparently-to", Breaks::if_oversigned, by_delivery},
    {"received-spf", Breaks::if_oversigned, by_delivery},
    {"x-received", Breaks::if_oversigned, by_delivery},
    {"x-loop", Breaks::if_oversigned, by_delivery},
    {"x-beenthere", Breaks::if_oversigned, by_delivery},
    {"x-mailman-*", Breaks::if_oversigned, by_delivery},
    {"x-forwarded-*", Breaks::if_oversigned, by_delivery},
    {"x-google-*", Breaks::if_oversigned, by_delivery},
    {"x-gm-*", Breaks::if_oversigned, by_delivery},
    {"x-originating-*", Breaks::if_oversigned, by_delivery},
    {"domainkey-signature", Breaks::if_oversigned, by_delivery},
    {"dkim-signature", Breaks::if_signed_at_all, by_software},
    {"authentication-results*", Breaks::if_signed_at_all,
     "receivers add their own and remove what claims to be theirs (RFC 8601 section 5)"},
    {"arc-*", Breaks::if_signed_at_all, "whoever seals a message adds a set (RFC 8617)"},
    {"x-spam*", Breaks::if_signed_at_all, by_filters},
    {"x-virus*", Breaks::if_signed_at_all, by_filters},
    {"x-amavis-*", Breaks::if_signed_at_all, by_filters},
    {"x-rspamd-*", Breaks::if_signed_at_all, by_filters},
    {"x-mailscanner*", Breaks::if_signed_at_all, by_filters},
    {"x-quarantine-*", Breaks::if_signed_at_all, by_filters},
    {"x-barracuda-*", Breaks::if_signed_at_all, by_filters},
    {"x-proofpoint-*", Breaks::if_signed_at_all, by_filters},
    {"x-ms-exchange-*", Breaks::if_signed_at_all, by_filters},
    {"x-microsoft-antispam*", Breaks::if_signed_at_all, by_filters},
    {"x-forefront-*", Breaks::if_signed_at_all, by_filters},
    {"bcc", Breaks::if_signed_at_all, by_software},
    {"status", Breaks::if_signed_at_all, by_software},
    {"x-status", Breaks::if_signed_at_all, by_software},
}};

const Habit* habit_of(std::string_view lower_name) {
  const auto* habit = std::find_if(habits.begin(), habits.end(), [&](const Habit& known) {
    return matches_wildcard(known.pattern, lower_name);
  });
  return habit == habits.end() ? nullptr : habit;
}

bool is_broken(Breaks breaks, const OversignedField& field) {
  return breaks != Breaks::if_said_absent || field.when == Oversigning::always;
}

}  // namespace

std::vector<FragileField> fragile_fields(const FieldPolicy& policy) {
  std::vector<FragileField> found;
  const auto& oversigned = policy.oversigned();
  for (const auto& field : oversigned) {
    const auto* habit = habit_of(field.lower_name);
    if (habit != nullptr && is_broken(habit->breaks, field))
      found.push_back({to_string(field), FieldList::oversigned_headers, std::string(habit->reason)});
  }
  for (const auto& name : policy.signed_fields()) {
    const auto* habit = habit_of(lower_case(name));
    if (habit == nullptr || habit->breaks != Breaks::if_signed_at_all) continue;
    const bool said = std::any_of(oversigned.begin(), oversigned.end(),
                                  [&](const auto& field) { return equal_ignoring_case(field.name, name); });
    if (!said) found.push_back({name, FieldList::signed_headers, std::string(habit->reason)});
  }
  return found;
}

}  // namespace dkim::canon
