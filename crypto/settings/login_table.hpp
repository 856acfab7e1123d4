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

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/file_stamp.hpp"
#include "crypto/settings/login_settings.hpp"

namespace dkim::crypto {

// The limits: the file in bytes, and its lines that name a login. Such a table takes 100 MB of memory; while
// it is read, 200 MB.
constexpr std::size_t most_login_table_bytes = 64 << 20;
constexpr std::size_t most_logins = 1'000'000;

class LoginTable {
 public:
  // Reads the whole table. Throws SettingsError for a line without a domain, with a name that is no domain,
  // with a pattern other than "*@DOMAIN" and "*", or with a login that has a line already.
  static LoginTable parse(std::string_view text, const std::string& file_name);

  std::size_t size() const { return lines_.size(); }

  // Finds the login's own line, or that of its domain, or that of all others; the test keeps the table. Both
  // take time logarithmic in the number of lines and domains.
  friend DomainTest domains_of_login(std::shared_ptr<const LoginTable> table, std::string_view login);

 private:
  class Reader;

  // A part of text_. Half the size of a string_view: there are two for most lines.
  struct Word {
    std::uint32_t begin;
    std::uint32_t size;
  };
  struct Line {
    Word login;
    std::uint32_t number;  // in the file, from 1
    std::uint32_t first_domain;
    std::uint32_t domains;
  };

  std::string_view text_of(Word word) const { return std::string_view(text_).substr(word.begin, word.size); }
  const Line* line_of(std::string_view login) const;
  bool has_domain(const Line& line, std::string_view name) const;
  bool may_use(const Line& line, const canon::DomainName& domain) const;

  std::string text_;           // the logins and the domains as they are compared
  std::vector<Line> lines_;    // by login
  std::vector<Word> domains_;  // those of a line stand together, sorted
};

DomainTest domains_of_login(std::shared_ptr<const LoginTable> table, std::string_view login);

struct StampedLoginTable {
  LoginTable table;
  FileStamp stamp;
  bool settled = false;  // FileStamp::is_settled_at() before the table was read
};

// Only trusted users may be able to write the table (crypto/trusted_path.hpp). Throws StoreError
// (UntrustedPath included), also if there is no such file, or SettingsError.
StampedLoginTable read_login_table(const std::filesystem::path& path);

// Returns the test of a login, by whichever method; reads the whole table if there is one. For programs that
// ask once. The settings outlive it. Throws as read_login_table does.
DomainTest look_up_login(const LoginSettings& settings, std::string_view login);

}  // namespace dkim::crypto
