#include "crypto/settings/signing_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "canon/sender_pattern.hpp"

namespace dkim::crypto {
namespace {

std::vector<std::string> plain_texts(const std::optional<std::vector<LocatedText>>& list) {
  std::vector<std::string> out;
  if (!list) return out;
  for (const auto& entry : *list)
    out.push_back(entry.text);
  return out;
}

// Returns the place of the refused entry of a list.
std::string place_of_entry(const std::optional<std::vector<LocatedText>>& list, std::size_t entry) {
  return list && entry < list->size() ? (*list)[entry].place : std::string();
}

struct FieldLists {
  canon::FieldPolicy fields;
  std::vector<std::string> signed_headers;
  std::vector<std::string> oversigned_headers;
};

FieldLists read_field_lists(SettingsGroup& root) {
  const auto signed_list = root.texts("signed_headers");
  const auto oversigned_list = root.texts("oversigned_headers");
  FieldLists lists{{}, plain_texts(signed_list), plain_texts(oversigned_list)};
  auto fields = canon::FieldPolicy::from_lists(lists.signed_headers, lists.oversigned_headers);
  if (!fields) {
    const auto& error = fields.refusal();
    const auto& list = error.list == canon::FieldList::signed_headers ? signed_list : oversigned_list;
    throw_settings_error(place_of_entry(list, error.entry), to_string(error),
                         "names of header fields, or +Name and -Name to change the default list");
  }
  lists.fields = *std::move(fields);
  return lists;
}

std::optional<std::chrono::seconds> read_expiration(SettingsGroup& root) {
  const auto seconds = root.integer("expiration", 0, longest_expiration);
  if (!seconds) return std::nullopt;
  if (*seconds > 0 && *seconds < shortest_expiration) {
    throw_settings_error(
        root.place("expiration"), fmt::format("\"expiration\" is {}", *seconds),
        fmt::format("0 for none, or at least {} seconds: receivers' clocks differ", shortest_expiration));
  }
  return std::chrono::seconds(*seconds);
}

std::string read_sender(const LocatedText& value) {
  const auto sender = canon::parse_sender_pattern(value.text);
  if (!sender) {
    throw_settings_error(value.place, fmt::format("\"sender\" is {}", sender.refusal().reason),
                         "a pattern of addresses, such as *@news.example.com");
  }
  return *sender;
}

std::vector<canon::Selector> read_selectors(const std::vector<LocatedText>& entries,
                                            const std::string& place) {
  if (entries.empty()) throw_settings_error(place, "\"selectors\" is empty", "leave it out if any will do");
  std::vector<canon::Selector> selectors;
  for (const auto& entry : entries) {
    auto selector = read_typed_selector(entry);
    if (std::find(selectors.begin(), selectors.end(), selector) != selectors.end())
      throw_settings_error(entry.place, "a selector that is listed twice", "each is named once");
    selectors.push_back(std::move(selector));
  }
  return selectors;
}

// Reads what follows the sender in a rule that signs.
void read_signer(SettingsGroup& group, SenderRule& rule) {
  const std::string place = group.place();
  rule.domain = read_typed_domain(group.required_text("domain"), "domain");
  if (const auto selectors = group.texts("selectors")) rule.selectors = read_selectors(*selectors, place);
  group.reject_unknown();
}

SenderRule read_rule(SettingsGroup& group) {
  SenderRule rule{read_sender(group.required_text("sender")), std::nullopt};
  const std::string place = group.place();
  if (!group.boolean("sign").value_or(true)) {
    if (group.text("domain") || group.texts("selectors")) {
      throw_settings_error(place, "a rule with sign = false and a domain or selectors",
                           "such mail is not signed, so a domain has no effect");
    }
    group.reject_unknown();
    return rule;
  }
  read_signer(group, rule);
  return rule;
}

std::vector<SenderRule> read_also_sign(std::vector<SettingsGroup> groups) {
  std::vector<SenderRule> entries;
  std::set<std::pair<std::string, canon::DomainName>> seen;
  for (auto& group : groups) {
    SenderRule entry{read_sender(group.required_text("sender")), std::nullopt};
    const std::string place = group.place();
    read_signer(group, entry);
    if (!seen.emplace(entry.sender, *entry.domain).second)
      throw_settings_error(place, "an entry that is listed twice", "each sender and domain is named once");
    entries.push_back(std::move(entry));
  }
  return entries;
}

// The first rule that matches decides, so a later one for the same senders would never apply.
std::vector<SenderRule> read_rules(std::vector<SettingsGroup> groups) {
  std::vector<SenderRule> rules;
  canon::SeenPatterns seen;
  for (auto& group : groups) {
    auto rule = read_rule(group);
    if (const auto earlier = seen.add(rule.sender)) {
      throw_settings_error(
          group.place(),
          fmt::format("a rule that never applies: rule {}, for {}, matches all of its senders", *earlier + 1,
                      rules[*earlier].sender),
          "put the narrower rule first, or take one out");
    }
    rules.push_back(std::move(rule));
  }
  return rules;
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
  auto lists = read_field_lists(root);
  settings.fields = std::move(lists.fields);
  settings.signed_headers = std::move(lists.signed_headers);
  settings.oversigned_headers = std::move(lists.oversigned_headers);
  settings.expiration = read_expiration(root).value_or(settings.expiration);
  if (auto rules = root.groups("rules")) settings.rules = read_rules(*std::move(rules));
  if (auto entries = root.groups("also_sign")) settings.also_sign = read_also_sign(*std::move(entries));
  return settings;
}

}  // namespace dkim::crypto
