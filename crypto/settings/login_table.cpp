#include "crypto/settings/login_table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "canon/text.hpp"
#include "crypto/file.hpp"
#include "crypto/secret.hpp"
#include "crypto/trusted_path.hpp"

namespace dkim::crypto {
namespace {

bool is_space(char c) {
  return canon::is_wsp(c) || c == '\r';
}

// Takes the next word off the line; empty at its end.
std::string_view next_word(std::string_view& line) {
  line.remove_prefix(
      static_cast<std::size_t>(std::find_if_not(line.begin(), line.end(), is_space) - line.begin()));
  const auto end = static_cast<std::size_t>(std::find_if(line.begin(), line.end(), is_space) - line.begin());
  const auto word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

LoginDomains domains_of(std::string_view line, const std::string& place) {
  LoginDomains domains;
  for (auto word = next_word(line); !word.empty(); word = next_word(line))
    add_login_domain(domains, {std::string(word), place});
  return domains;
}

}  // namespace

LoginTable LoginTable::parse(std::string_view text, const std::string& file_name) {
  LoginTable table;
  table.text_.reserve(text.size());
  std::transform(text.begin(), text.end(), std::back_inserter(table.text_), canon::to_lower);
  std::string_view rest(table.text_.data(), table.text_.size());
  for (std::size_t number = 1; !rest.empty(); ++number) {
    auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    auto login = next_word(line);
    if (login.empty() || login.front() == '#') continue;
    const auto place = fmt::format("{}:{}", file_name, number);
    if (std::any_of(login.begin(), login.end(), canon::is_control))
      throw_settings_error(place, "a login with a control character", "no login has one");
    const auto domains = domains_of(line, place);
    if (domains.domains.empty() && !domains.every)
      throw_settings_error(place, "a login without a domain",
                           "a login, and after it the domains that it may use");
    if (login.starts_with("*@")) login.remove_prefix(1);
    if (!table.lines_.emplace(login, line).second)
      throw_settings_error(place, "a login that has a line already", "each login has one line");
  }
  return table;
}

std::string_view LoginTable::line_of(std::string_view login) const {
  const auto at = login.rfind('@');
  const auto domain = at == std::string_view::npos ? std::string_view() : login.substr(at);
  for (const auto key : {login, domain, std::string_view("*")}) {
    if (const auto line = lines_.find(key); !key.empty() && line != lines_.end()) return line->second;
  }
  return {};
}

LoginDomains LoginTable::find(std::string_view login) const {
  return domains_of(line_of(canon::lower_case(login)), {});
}

StampedLoginTable read_login_table(const std::filesystem::path& path) {
  const auto file = open_trusted_file(path);
  if (!file) throw StoreError(fmt::format("the table of logins {} does not exist", path.string()));
  const auto text = read_all(*file, path, most_login_table_bytes);
  const auto stamp = stamp_of(file->status);
  return {LoginTable::parse(view(text), path.string()), stamp, stamp.is_settled_at(file_clock_now())};
}

LoginDomains look_up_login(const LoginSettings& settings, std::string_view login) {
  if (settings.method == LoginSettings::Method::table)
    return read_login_table(settings.table).table.find(login);
  return domains_of_login(settings, login);
}

}  // namespace dkim::crypto
