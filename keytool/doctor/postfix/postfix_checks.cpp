#include "keytool/doctor/postfix/postfix_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "keytool/doctor/postfix/setting_words.hpp"

namespace dkim::keytool {
namespace {

// A setting of the milters for dkimsignd, and where it is set.
struct MilterValue {
  std::string value;
  std::string place;
  const PostfixService* service = nullptr;  // if it is a service's -o option
  bool in_braces = false;                   // beside the endpoint in the list of milters

  auto operator<=>(const MilterValue&) const = default;
};

// Returns the values of the option on all ways in.
std::set<MilterValue> values_for_dkimsignd(const PostfixSettings& settings, const std::string& socket,
                                           const std::string& option) {
  std::set<MilterValue> values;
  const auto setting = "milter_" + option;
  for (const auto& entry : mail_entries(settings, socket)) {
    for (const auto& milter : entry.milters) {
      if (!is_same_socket(milter, entry.jail, socket)) continue;
      const auto own = milter.options.find(option);
      if (own != milter.options.end()) {
        values.insert({own->second, entry.list_setting, nullptr, true});
      } else if (entry.list_owner != nullptr && entry.list_owner->overrides.contains(setting)) {
        values.insert({settings.of(*entry.list_owner, setting), entry.list_owner->label(), entry.list_owner});
      } else {
        values.insert({settings.of(setting), "main.cf"});
      }
    }
  }
  if (values.empty()) values.insert({settings.of(setting), "main.cf"});
  return values;
}

// Adds how to change the value where it is set.
Finding with_remedy(Finding finding, const PostfixSettings& settings, const MilterValue& value,
                    std::string_view better) {
  if (value.in_braces) {
    finding.advice = fmt::format("{} change it in the braces of {}", finding.advice, value.place);
  } else {
    finding.paste = {value.service == nullptr ? settings.set_command(finding.topic, better)
                                              : settings.set_command(*value.service, finding.topic, better),
                     settings.reload_command()};
  }
  return finding;
}

Finding default_action_finding(const PostfixSettings& settings, const std::set<MilterValue>& values) {
  constexpr const char* name = "milter_default_action";
  for (const auto& found : values) {
    const auto& value = found.value;
    std::string what;
    if (value == "accept") what = "accept: while dkimsignd is down, mail leaves unsigned";
    if (value == "reject") what = "reject: while dkimsignd is down, mail is refused for good and lost";
    if (value == "quarantine")
      what =
          "quarantine: while dkimsignd is down, mail goes to the hold queue and stays until somebody "
          "releases it";
    if (!what.empty()) {
      return with_remedy({Severity::risk, name, found.place, what, "let mail wait (tempfail) instead:", {}},
                         settings, found, "tempfail");
    }
  }
  return {Severity::good, name, "main.cf", "mail waits while dkimsignd is down", "", {}};
}

int version_of(std::string_view protocol) {
  while (const auto word = next_word(protocol)) {
    int version = 0;
    const auto [end, error] = std::from_chars(word->data(), word->data() + word->size(), version);
    if (error == std::errc() && end == word->data() + word->size()) return version;
  }
  return 0;
}

// Before version 6 a milter can neither ask for macros nor for the space after a field's colon.
Finding protocol_finding(const PostfixSettings& settings, const std::set<MilterValue>& values) {
  constexpr const char* name = "milter_protocol";
  for (const auto& found : values) {
    const auto& value = found.value;
    if (value.empty() || version_of(value) >= 6) continue;
    std::string what = fmt::format(
        "{}: slower, and a field without a space after its colon gets one, which breaks "
        "\"simple\" signatures",
        value);
    if (!has_word(settings.of("milter_mail_macros"), "{auth_type}"))
      what += "; milter_mail_macros lacks {auth_type}: authenticated clients are not known";
    if (!has_word(settings.of("milter_mail_macros"), "{auth_authen}"))
      what += "; milter_mail_macros lacks {auth_authen}: the names of logins are not known";
    if (!has_word(settings.of("milter_connect_macros"), "{daemon_name}") &&
        !has_word(settings.of("milter_mail_macros"), "{daemon_name}"))
      what += "; milter_connect_macros lacks {daemon_name}: no service can mark its mail with it";
    return with_remedy({Severity::risk, name, found.place, what, "let Postfix speak the latest version:", {}},
                       settings, found, "6");
  }
  return {Severity::good, name, "main.cf", "version 6", "", {}};
}

// Signing Postfix's own bounces is a choice: by default they are not signed, and a host that only sends
// writes none to strangers. Other milters would see them, too.
Finding bounce_finding(const PostfixSettings& settings) {
  constexpr const char* name = "internal_mail_filter_classes";
  if (has_word(settings.of(name), "bounce"))
    return {Severity::good, name, "main.cf", "bounces are signed, too", "", {}};
  return {Severity::note,
          name,
          "main.cf",
          "bounces that Postfix writes are not signed, as by default",
          "if strangers receive them, have them signed; every milter in non_smtpd_milters then sees them:",
          {settings.set_command(name, "bounce"), settings.reload_command()}};
}

}  // namespace

Findings check_milter_handling(const PostfixSettings& settings, const std::string& socket) {
  return {default_action_finding(settings, values_for_dkimsignd(settings, socket, "default_action")),
          protocol_finding(settings, values_for_dkimsignd(settings, socket, "protocol")),
          bounce_finding(settings)};
}

Findings check_postfix(const PostfixSettings& settings, const std::string& socket,
                       const canon::FieldPolicy& fields) {
  Findings all = check_milter_lists(settings, socket);
  for (auto findings : {check_filters(settings, socket), check_milter_handling(settings, socket),
                        check_changes_after_signing(settings, fields), check_names(settings),
                        check_missing_fields(settings, socket, fields)})
    std::move(findings.begin(), findings.end(), std::back_inserter(all));
  return all;
}

}  // namespace dkim::keytool
