// The settings "logins": from which domains an authenticated client may write, by the name that it logged in
// with.
//
// Errors are SettingsError, with file and line.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "canon/domain_name.hpp"
#include "crypto/settings/settings_reader.hpp"

namespace dkim::crypto {

// The author domains that a login may use: these and all below them, or every domain.
struct LoginDomains {
  bool every = false;
  std::vector<canon::DomainName> domains = {};

  bool contains(const canon::DomainName& domain) const;
};

struct LoginRule {
  // A pattern of logins, in lower case; * matches any bytes.
  std::string login;
  LoginDomains domains;
};

struct LoginSettings {
  enum class Method {
    every_domain,  // "any": logins do not matter
    own_domain,    // "domain": the login's part after the @
    rules,
    table,
  };
  Method method = Method::every_domain;
  // The first rule that matches decides; a login that no rule matches may use no domain.
  std::vector<LoginRule> rules;
  std::filesystem::path table;  // crypto/settings/login_table
};

// Reads this setting from the root of a configuration file. Throws SettingsError.
LoginSettings read_login_settings(SettingsGroup& root);

// Says whether one login may write from a domain.
using DomainTest = std::function<bool(const canon::DomainName&)>;

// Returns the test of a login, by all methods but the table. The settings outlive it.
DomainTest domains_of_login(const LoginSettings& settings, std::string_view login);

// Returns a login in the form in which logins are compared: in lower case, and an international domain after
// the last @ in A-labels.
std::string comparable_login(std::string_view login);

}  // namespace dkim::crypto
