// The table of logins: a text file with a line for each login, its name and the domains that it may use:
//
//   # mail for the shop
//   alice@shop.example    shop.example shop-news.example
//   @club.example         club.example
//   relay                 *
//
// "@club.example" is every login of that domain without a line of its own, and "*" every other login. Names
// and domains are compared in lower case. An empty line and one that begins with # say nothing.
//
// Immutable, usable from any thread. Errors are SettingsError, with file and line, or StoreError.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "crypto/file_stamp.hpp"
#include "crypto/settings/login_settings.hpp"

namespace dkim::crypto {

// The limit for the file, in bytes: a million logins.
constexpr std::size_t most_login_table_bytes = 64 << 20;

class LoginTable {
 public:
  // Reads the whole table. Throws SettingsError for a line without a domain, with a name that is no domain,
  // or with a login that has a line already.
  static LoginTable parse(std::string_view text, const std::string& file_name);

  // Looks up the login's own line, then that of its domain, then that of all others. Takes constant time.
  LoginDomains find(std::string_view login) const;

  std::size_t size() const { return lines_.size(); }

 private:
  std::string_view line_of(std::string_view login) const;

  std::vector<char> text_;  // in lower case
  // The domains of each login, as they stand in text_. Moving the text does not move its bytes.
  std::unordered_map<std::string_view, std::string_view> lines_;
};

struct StampedLoginTable {
  LoginTable table;
  FileStamp stamp;
  bool settled = false;  // FileStamp::is_settled_at() when the table was read
};

// Only trusted users may be able to write the table (crypto/trusted_path.hpp). Throws StoreError
// (UntrustedPath included), also if there is no such file, or SettingsError.
StampedLoginTable read_login_table(const std::filesystem::path& path);

// Returns what a login may use, by whichever method; reads the whole table if there is one. For programs that
// ask once. Throws as read_login_table does.
LoginDomains look_up_login(const LoginSettings& settings, std::string_view login);

}  // namespace dkim::crypto
