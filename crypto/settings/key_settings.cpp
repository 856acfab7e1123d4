#include "crypto/settings/key_settings.hpp"

#include <fmt/format.h>

namespace dkim::crypto {
namespace {

constexpr long long most_days = 3660;

std::filesystem::path absolute_path(const LocatedText& value, std::string_view name) {
  std::filesystem::path path = value.text;
  if (!path.is_absolute()) {
    throw_settings_error(value.place, fmt::format("\"{}\" is not an absolute path", name),
                         "it must begin with /");
  }
  return path;
}

PublishSettings read_publish(SettingsGroup group) {
  PublishSettings publish;
  const auto method = group.required_text("method");
  if (method.text == "manual") {
    publish.method = PublishSettings::Method::manual;
  } else if (method.text == "update") {
    publish.method = PublishSettings::Method::update;
    publish.key_file = absolute_path(group.required_text("key_file"), "key_file");
    if (const auto server = group.text("server")) publish.server = server->text;
  } else if (method.text == "hook") {
    publish.method = PublishSettings::Method::hook;
    publish.program = absolute_path(group.required_text("program"), "program");
  } else {
    throw_settings_error(method.place, "\"method\" is unknown", alternatives({"manual", "update", "hook"}));
  }
  group.reject_unknown();
  return publish;
}

std::map<canon::DomainName, PublishSettings> read_domains(std::vector<SettingsGroup> groups) {
  std::map<canon::DomainName, PublishSettings> domains;
  for (auto& group : groups) {
    const auto text = group.required_text("domain");
    auto domain = read_typed_domain(text, "domain");
    auto publish = group.group("publish");
    if (!publish) throw_settings_error(group.place(), "\"publish\" is missing", "it must be given here");
    const bool added = domains.emplace(std::move(domain), read_publish(*std::move(publish))).second;
    if (!added)
      throw_settings_error(text.place, "a domain that is listed twice", "each domain has one entry");
    group.reject_unknown();
  }
  return domains;
}

std::optional<std::chrono::seconds> read_days(SettingsGroup& group, std::string_view name, long long least) {
  const auto days = group.integer(name, least, most_days);
  if (!days) return std::nullopt;
  return std::chrono::days(*days);
}

std::optional<SlotTarget> read_slot_target(const LocatedText& text) {
  if (text.text.empty()) return std::nullopt;
  auto target = SlotTarget::parse(text.text);
  if (!target) {
    throw_settings_error(text.place,
                         fmt::format("\"slot_target\" is no pattern for names: {}", target.refusal().reason),
                         "for example \"%selector%.%domain%.dkim.hoster.example\"");
  }
  return *std::move(target);
}

canon::SelectorPattern read_pattern(const LocatedText& text) {
  auto pattern = canon::SelectorPattern::parse(text.text);
  if (!pattern) {
    throw_settings_error(
        text.place, fmt::format("\"selector\" is no pattern for names of keys: {}", pattern.refusal().reason),
        "for example \"%stem%-%year%%month%\"");
  }
  return *std::move(pattern);
}

}  // namespace

const PublishSettings& KeySettings::publish_for(const canon::DomainName& domain) const {
  const auto own = domains.find(domain);
  return own == domains.end() ? publish : own->second;
}

KeySettings read_key_settings(SettingsGroup& root) {
  KeySettings settings;
  if (auto publish = root.group("publish")) settings.publish = read_publish(*std::move(publish));
  if (auto domains = root.groups("domains")) settings.domains = read_domains(*std::move(domains));
  if (const auto text = root.text("slot_target")) settings.slot_target = read_slot_target(*text);
  if (auto rotation = root.group("rotation")) {
    settings.every = read_days(*rotation, "every", 1).value_or(settings.every);
    settings.drain = read_days(*rotation, "drain", 0).value_or(settings.drain);
    settings.forget = read_days(*rotation, "forget", 0).value_or(settings.forget);
    if (const auto text = rotation->text("selector")) settings.selector = read_pattern(*text);
    rotation->reject_unknown();
  }
  return settings;
}

}  // namespace dkim::crypto
