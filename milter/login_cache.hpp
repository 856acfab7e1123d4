// Says which domains a login may use, as the setting "logins" says. Keeps the table of logins, if there is
// one, and reads it again when it has changed: each look-up takes one stat(2). Thread-safe.
//
// A mistake in the table is kept until the table changes; another fault, such as a table that others can
// write, is not kept, so that a chmod works at once.
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

  // Looks the login up when it is first asked about a domain: mail that nobody signs needs no table. The
  // answer's may_use then throws StoreError or SettingsError if the table cannot be used; this outlives it.
  crypto::Login find(std::string_view login);

 private:
  struct Kept {
    crypto::FileStamp stamp;
    bool settled = false;
    std::shared_ptr<const crypto::LoginTable> table;
    std::string damage;  // what is wrong with it, if table is null
  };

  std::shared_ptr<const crypto::LoginTable> table();
  Kept read(const crypto::FileStamp& stamp) const;

  const crypto::LoginSettings& settings_;
  std::mutex mutex_;
  Kept kept_;
};

}  // namespace dkim::milter
