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

constexpr std::string_view default_lexicon = "/usr/bin/lexicon";

// The provider becomes an argument and part of the names of variables.
std::string read_provider(const LocatedText& text) {
  const bool good = !text.text.empty() && text.text.size() <= 64 &&
                    text.text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == std::string::npos;
  if (!good) {
    throw_settings_error(text.place, "\"provider\" is not the name of a provider of lexicon",
                         "it has only lower-case letters and digits, such as \"hetzner\"");
  }
  if (text.text == "auto") {
    throw_settings_error(text.place,
                         "\"provider\" cannot be \"auto\": who gets the credentials must be certain",
                         "name the provider, such as \"hetzner\"");
  }
  return text.text;
}

PublishSettings::Form read_form(const LocatedText& text) {
  using Form = PublishSettings::Form;
  if (text.text == "automatic") return Form::automatic;
  if (text.text == "plain") return Form::plain;
  if (text.text == "strings") return Form::strings;
  throw_settings_error(text.place, "\"form\" is unknown", alternatives({"automatic", "plain", "strings"}));
}

void read_lexicon(SettingsGroup& group, PublishSettings& publish) {
  publish.method = PublishSettings::Method::lexicon;
  publish.provider = read_provider(group.required_text("provider"));
  publish.credentials = absolute_path(group.required_text("credentials"), "credentials");
  publish.program = default_lexicon;
  if (const auto program = group.text("program")) publish.program = absolute_path(*program, "program");
  if (const auto zone = group.text("zone")) publish.zone = read_typed_domain(*zone, "zone");
  if (const auto form = group.text("form")) publish.form = read_form(*form);
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
  } else if (method.text == "lexicon") {
    read_lexicon(group, publish);
  } else {
    throw_settings_error(method.place, "\"method\" is unknown",
                         alternatives({"manual", "update", "hook", "lexicon"}));
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

// An empty text turns it off, so that a person can see in the file that it is off.
std::optional<NotifyAddress> read_notify(const LocatedText& text) {
  if (text.text.empty()) return std::nullopt;
  auto address = NotifyAddress::parse(text.text);
  if (!address) {
    throw_settings_error(text.place, fmt::format("\"notify\" is {}", address.refusal().reason),
                         "for example \"root\" or \"postmaster@example.com\"; \"\" sends no mail");
  }
  return *std::move(address);
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
  if (const auto text = root.text("fleet")) settings.fleet = absolute_path(*text, "fleet");
  if (auto rotation = root.group("rotation")) {
    settings.every = read_days(*rotation, "every", 1).value_or(settings.every);
    settings.drain = read_days(*rotation, "drain", 0).value_or(settings.drain);
    settings.forget = read_days(*rotation, "forget", 0).value_or(settings.forget);
    if (const auto text = rotation->text("selector")) settings.selector = read_pattern(*text);
    if (const auto text = rotation->text("notify")) settings.notify = read_notify(*text);
    if (const auto text = rotation->text("sendmail")) settings.sendmail = absolute_path(*text, "sendmail");
    rotation->reject_unknown();
  }
  return settings;
}

}  // namespace dkim::crypto
