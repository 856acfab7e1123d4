#include "crypto/settings/login_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "canon/labels.hpp"
#include "canon/sender_pattern.hpp"
#include "canon/text.hpp"

namespace dkim::crypto {
namespace {

constexpr std::string_view right_logins =
    "\"any\", \"domain\", the absolute path of a table, or a list such as ( { login = \"*@shop.example\"; "
    "domains = ( "
    "\"shop.example\" ); } )";

std::string read_login(const LocatedText& value) {
  if (value.text.empty())
    throw_settings_error(value.place, "\"login\" is empty", "a pattern, such as *@shop.example");
  if (std::any_of(value.text.begin(), value.text.end(), canon::is_control))
    throw_settings_error(value.place, "\"login\" has a control character", "no login has one");
  // As in a table, and in the patterns of senders.
  return comparable_login(value.text.starts_with('@') ? "*" + value.text : value.text);
}

void add_domain(LoginDomains& domains, const LocatedText& text) {
  if (text.text == "*") {
    domains.every = true;
  } else {
    domains.domains.push_back(read_typed_domain(text, "domains"));
  }
}

std::vector<LoginRule> read_rules(std::vector<SettingsGroup> groups) {
  std::vector<LoginRule> rules;
  canon::SeenPatterns seen;
  for (auto& group : groups) {
    LoginRule rule{read_login(group.required_text("login")), {}};
    const auto domains = group.texts("domains");
    if (!domains) throw_settings_error(group.place(), "\"domains\" is missing", "it must be given here");
    for (const auto& domain : *domains)
      add_domain(rule.domains, domain);
    group.reject_unknown();
    if (const auto earlier = seen.add(rule.login)) {
      throw_settings_error(
          group.place(),
          fmt::format("an entry that never applies: entry {}, for {}, matches all of its logins",
                      *earlier + 1, rules[*earlier].login),
          "put the narrower entry first, or take one out");
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

// Returns what stands after the last @.
std::optional<canon::DomainName> own_domain_of(std::string_view login) {
  const auto at = login.rfind('@');
  if (at == std::string_view::npos) return std::nullopt;
  auto domain = canon::DomainName::parse(login.substr(at + 1));
  return domain ? std::optional(*std::move(domain)) : std::nullopt;
}

bool is_at_or_below(const canon::DomainName& domain, const canon::DomainName& own) {
  return domain == own || canon::is_below(domain.str(), own.str());
}

}  // namespace

bool LoginDomains::contains(const canon::DomainName& domain) const {
  return every || std::any_of(domains.begin(), domains.end(),
                              [&](const canon::DomainName& own) { return is_at_or_below(domain, own); });
}

LoginSettings read_login_settings(SettingsGroup& root) {
  LoginSettings settings;
  if (root.is_text("logins")) {
    const auto text = root.required_text("logins");
    if (text.text == "any") {
      settings.method = LoginSettings::Method::every_domain;
    } else if (text.text == "domain") {
      settings.method = LoginSettings::Method::own_domain;
    } else if (text.text.starts_with('/')) {
      settings.method = LoginSettings::Method::table;
      settings.table = text.text;
    } else {
      throw_settings_error(text.place, "\"logins\" has an unknown value", right_logins);
    }
    return settings;
  }
  if (auto groups = root.groups("logins")) {
    if (groups->empty()) {
      throw_settings_error(root.place("logins"), "\"logins\" is an empty list, which lets no login write",
                           right_logins);
    }
    settings.method = LoginSettings::Method::rules;
    settings.rules = read_rules(*std::move(groups));
  }
  return settings;
}

DomainTest domains_of_login(const LoginSettings& settings, std::string_view login) {
  const auto none = [](const canon::DomainName&) { return false; };
  switch (settings.method) {
    case LoginSettings::Method::every_domain:
      return [](const canon::DomainName&) { return true; };
    case LoginSettings::Method::own_domain:
      if (auto own = own_domain_of(login))
        return [own = *std::move(own)](const auto& domain) { return is_at_or_below(domain, own); };
      return none;
    case LoginSettings::Method::rules: {
      const auto name = comparable_login(login);
      const auto rule =
          std::find_if(settings.rules.begin(), settings.rules.end(),
                       [&](const LoginRule& entry) { return canon::matches_wildcard(entry.login, name); });
      if (rule == settings.rules.end()) return none;
      return [&domains = rule->domains](const auto& domain) { return domains.contains(domain); };
    }
    case LoginSettings::Method::table:
      break;
  }
  return none;
}

std::string comparable_login(std::string_view login) {
  auto name = canon::lower_case(login);
  const auto at = name.rfind('@');
  if (at == std::string::npos ||
      std::all_of(name.begin() + static_cast<std::ptrdiff_t>(at), name.end(), canon::is_ascii))
    return name;
  if (const auto domain = own_domain_of(name)) name.replace(at + 1, std::string::npos, domain->str());
  return name;
}

}  // namespace dkim::crypto
