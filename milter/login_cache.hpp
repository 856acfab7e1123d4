// Says which domains a login may use, as the setting "logins" says. Keeps the table of logins, if there is
// one, and reads it again when it has changed: each look-up takes one stat(2). Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "crypto/settings/login_table.hpp"
#include "crypto/signatures/identity.hpp"

namespace dkim::milter {

class LoginCache {
 public:
  // The settings outlive this. Reads no file yet: a large table costs nothing at the start.
  explicit LoginCache(const crypto::LoginSettings& settings) : settings_(settings) {}

  // Whether authors are judged by logins at all.
  bool is_used() const { return settings_.method != crypto::LoginSettings::Method::every_domain; }

  // Throws StoreError or SettingsError if the table cannot be used.
  crypto::Login find(std::string_view login);

 private:
  std::shared_ptr<const crypto::StampedLoginTable> table();

  const crypto::LoginSettings& settings_;
  std::mutex mutex_;
  std::shared_ptr<const crypto::StampedLoginTable> table_;
};

}  // namespace dkim::milter
