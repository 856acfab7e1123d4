#include "crypto/signing_settings.hpp"

#include "canon/text.hpp"

namespace dkim::crypto {
namespace {

constexpr long long longest_expiration = 10LL * 366 * 24 * 3600;

std::vector<std::string> plain_texts(const std::optional<std::vector<LocatedText>>& list) {
  std::vector<std::string> out;
  if (!list) return out;
  for (const auto& entry : *list)
    out.push_back(entry.text);
  return out;
}

// Where the refused entry of a list stands.
std::string place_of_entry(const std::optional<std::vector<LocatedText>>& list, std::size_t entry) {
  return list && entry < list->size() ? (*list)[entry].place : std::string();
}

void read_field_lists(SettingsGroup& root, SigningSettings& settings) {
  const auto signed_list = root.texts("signed_headers");
  const auto oversigned_list = root.texts("oversigned_headers");
  settings.signed_headers = plain_texts(signed_list);
  settings.oversigned_headers = plain_texts(oversigned_list);
  auto fields = canon::FieldPolicy::from_lists(settings.signed_headers, settings.oversigned_headers);
  if (!fields) {
    const auto& refusal = fields.refusal();
    const bool in_oversigned = refusal.reason.starts_with("oversigned");
    throw_settings_error(place_of_entry(in_oversigned ? oversigned_list : signed_list, refusal.octet),
                         refusal.reason,
                         "names of header fields, or +Name and -Name to change the default list");
  }
  settings.fields = *std::move(fields);
}

SenderRule read_rule(SettingsGroup group) {
  const auto sender = group.required_text("sender");
  if (sender.text.find('@') == std::string::npos && sender.text != "*") {
    throw_settings_error(sender.place, "\"sender\" has no @",
                         "a pattern of addresses, such as *@news.example.com");
  }
  SenderRule rule{canon::lower_case(sender.text), std::nullopt};
  const std::string place = group.place();
  if (!group.boolean("sign").value_or(true)) {
    if (group.text("domain") || group.texts("selectors")) {
      throw_settings_error(place, "a rule with sign = false and a domain or selectors",
                           "such mail is not signed, and a domain has nothing to say there");
    }
    group.reject_unknown();
    return rule;
  }
  const auto domain_text = group.required_text("domain");
  auto domain = canon::DomainName::parse(domain_text.text);
  if (!domain) {
    throw_settings_error(domain_text.place, "\"domain\" is " + domain.refusal().reason,
                         "the domain to sign as, such as example.com");
  }
  rule.domain = *std::move(domain);
  if (const auto selectors = group.texts("selectors")) {
    for (const auto& entry : *selectors)
      rule.selectors.push_back(read_selector(entry));
  }
  group.reject_unknown();
  return rule;
}

}  // namespace

SigningSettings read_signing_settings(SettingsGroup& root) {
  SigningSettings settings;
  if (const auto directory = root.text("key_directory")) {
    settings.key_directory = directory->text;
    if (!settings.key_directory.is_absolute()) {
      throw_settings_error(directory->place, "\"key_directory\" is not an absolute path",
                           "it must begin with /");
    }
  }
  if (const auto pair = root.text("canonicalization")) {
    const auto parsed = canon::parse_canonicalization(pair->text);
    if (!parsed) {
      throw_settings_error(
          pair->place, "\"canonicalization\" is unknown",
          alternatives({"relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple"}));
    }
    settings.canonicalization = *parsed;
  }
  read_field_lists(root, settings);
  if (const auto seconds = root.integer("expiration", 0, longest_expiration)) {
    settings.expiration = std::chrono::seconds(*seconds);
  }
  if (auto rules = root.groups("rules")) {
    for (auto& group : *rules)
      settings.rules.push_back(read_rule(std::move(group)));
  }
  return settings;
}

}  // namespace dkim::crypto
