// Checks what Postfix's SMTP client does to a message after signing.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "keytool/doctor/postfix/header_check_rules.hpp"
#include "keytool/doctor/postfix/postfix_checks.hpp"
#include "keytool/doctor/postfix/setting_words.hpp"

namespace dkim::keytool {
namespace {

// A setting of an SMTP client service: its value, and where it is set.
struct ClientValue {
  std::string place;  // "main.cf" or the service
  const PostfixService* service = nullptr;
  std::string value;
};

std::vector<ClientValue> client_values(const PostfixSettings& settings, std::string_view setting) {
  std::vector<ClientValue> values;
  bool of_main = false;
  for (const auto* service : settings.running("smtp")) {
    const auto own = service->overrides.find(setting);
    if (own != service->overrides.end()) {
      values.push_back({service->label(), service, own->second});
    } else if (!of_main) {
      of_main = true;
      values.insert(values.begin(), {"main.cf", nullptr, settings.of(setting)});
    }
  }
  return values;
}

struct Rewriting {
  const char* setting;
  const char* what;
};

constexpr std::array rewritings{
    Rewriting{"smtp_generic_maps",
              "addresses in the header are rewritten after signing: a From or To that it changes breaks the "
              "signature"},
    Rewriting{
        "smtp_header_checks",
        "the header is changed after signing: a signed field that it changes, adds or removes breaks the "
        "signature (Received is not signed)"},
    Rewriting{"smtp_mime_header_checks",
              "MIME fields are changed after signing: a change breaks the signature"},
    Rewriting{"smtp_nested_header_checks",
              "the header of attached messages is changed after signing: a change breaks the signature"},
    Rewriting{"smtp_body_checks", "the body is changed after signing: a change breaks the signature"},
};

const char* instead_of(std::string_view setting) {
  if (setting == "smtp_generic_maps")
    return "rewrite before signing: by canonical_maps, or let programs write the right address; then:";
  return "change it before signing: header_checks and body_checks come first; then:";
}

// Returns whether the tables only hide fields such as Received or User-Agent.
bool leave_signed_fields(const PostfixSettings& settings, std::string_view tables,
                         const canon::FieldPolicy& fields) {
  while (const auto table = next_word(tables)) {
    const auto text = settings.tables.find(*table);
    if (text == settings.tables.end()) return false;
    if (!leaves_signed_fields(text->second, [&](std::string_view name) { return fields.is_signed(name); }))
      return false;
  }
  return true;
}

Findings check_rewriting(const PostfixSettings& settings, const canon::FieldPolicy& fields) {
  Findings findings;
  for (const auto& [setting, what] : rewritings) {
    for (const auto& [place, service, value] : client_values(settings, setting)) {
      if (value.empty()) continue;
      if (setting == std::string_view("smtp_header_checks") && leave_signed_fields(settings, value, fields))
        continue;
      findings.push_back(
          {Severity::risk,
           setting,
           place,
           fmt::format("{}: {}", value, what),
           instead_of(setting),
           {service == nullptr ? settings.unset_command(setting) : settings.unset_command(*service, setting),
            settings.reload_command()}});
    }
  }
  return findings;
}

Findings check_line_length(const PostfixSettings& settings) {
  Findings findings;
  constexpr const char* name = "smtp_line_length_limit";
  constexpr int longest = 998;  // RFC 5322 §2.1.1
  for (const auto& [place, service, value] : client_values(settings, name)) {
    int limit = 0;
    std::from_chars(value.data(), value.data() + value.size(), limit);
    if (limit <= 0 || limit >= longest) continue;
    findings.push_back(
        {Severity::risk,
         name,
         place,
         fmt::format("{0}: lines of more than {0} bytes are cut after signing, which breaks the "
                     "signature; mail may have 998",
                     value),
         "set the limit of RFC 5322:",
         {service == nullptr ? settings.set_command(name, "998")
                             : settings.set_command(*service, name, "998"),
          settings.reload_command()}});
  }
  return findings;
}

// disable_mime_output_conversion = no is Postfix's default and does harm only if the next server does not
// offer 8BITMIME. Nearly all do; a client that ignores the offer makes harm certain.
std::optional<Finding> check_conversion(const PostfixSettings& settings) {
  constexpr const char* name = "disable_mime_output_conversion";
  Finding found;
  for (const auto* service : settings.running("smtp")) {
    if (settings.of(*service, name) == "yes") continue;
    const bool certain = has_word(settings.of(*service, "smtp_discard_ehlo_keywords"), "8bitmime");
    if (!certain && !found.topic.empty()) continue;
    found = {certain ? Severity::risk : Severity::note,
             name,
             service->label(),
             certain ? "smtp_discard_ehlo_keywords has 8-bit mail recoded after signing, which breaks its "
                       "signature"
                     : "8-bit mail to a server without 8BITMIME is recoded after signing, which breaks its "
                       "signature; few such servers are left",
             "have 8-bit mail sent as it is:",
             {settings.set_command(name, "yes"), settings.reload_command()}};
    if (certain) break;
  }
  if (found.topic.empty()) return std::nullopt;
  return found;
}

}  // namespace

Findings check_changes_after_signing(const PostfixSettings& settings, const canon::FieldPolicy& fields) {
  auto findings = check_rewriting(settings, fields);
  for (auto& finding : check_line_length(settings))
    findings.push_back(std::move(finding));
  if (auto finding = check_conversion(settings)) findings.push_back(*std::move(finding));
  if (const auto checks = settings.of("milter_header_checks"); !checks.empty()) {
    findings.push_back(
        {Severity::risk,
         "milter_header_checks",
         "main.cf",
         fmt::format("{}: these rules see the DKIM-Signature field and may change or drop it", checks),
         "make sure that no rule in it matches DKIM-Signature",
         {}});
  }
  if (std::all_of(findings.begin(), findings.end(),
                  [](const auto& finding) { return finding.severity == Severity::note; })) {
    findings.push_back({Severity::good,
                        "after_signing",
                        "Postfix",
                        "no rule changes what is signed, in header or body",
                        "",
                        {}});
  }
  return findings;
}

}  // namespace dkim::keytool
