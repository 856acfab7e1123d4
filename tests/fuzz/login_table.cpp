// crypto/settings/login_table: any text is a table, or an error names its line. A login may use what its own
// line says, and nothing that stands nowhere in the table.
#include "crypto/settings/login_table.hpp"

#include <algorithm>
#include <cstdint>

#include "canon/text.hpp"
#include "canon/typed_names.hpp"
#include "crypto/error.hpp"
#include "tests/fuzz/require.hpp"

using namespace dkim;

namespace {

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  constexpr std::string_view space = " \t";
  for (auto at = line.find_first_not_of(space); at != std::string_view::npos;) {
    const auto end = std::min(line.find_first_of(space, at), line.size());
    words.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(space, end);
  }
  return words;
}

// A slow second reading of the line, which reads each domain as the table does: a name is often written with
// bytes that IDNA maps to others, or to nothing.
void check_line(const std::shared_ptr<const crypto::LoginTable>& table, std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const auto words = words_of(line);
  if (words.empty() || words.front().starts_with('#')) return;
  const auto name = words.front().starts_with("*@") ? words.front().substr(1) : words.front();
  const auto test = domains_of_login(table, name);
  bool may_use_other = false;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i] == "*") {
      may_use_other = true;
      continue;
    }
    const auto domain = canon::parse_typed_domain(words[i]);
    test::require(domain && test(*domain), "a login may use the domains of its line");
    if (const auto below = canon::DomainName::parse("below." + domain->str()))
      test::require(test(*below), "and those below them");
    may_use_other = may_use_other || domain->str() == "in.no-table" || domain->str() == "no-table";
  }
  test::require(test(*canon::DomainName::parse("in.no-table")) == may_use_other, "and no other");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const auto table = std::make_shared<const crypto::LoginTable>(crypto::LoginTable::parse(text, "logins"));
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    while (!text.empty()) {
      const auto line = text.substr(0, text.find('\n'));
      check_line(table, line);
      text.remove_prefix(std::min(line.size() + 1, text.size()));
    }
  } catch (const crypto::SettingsError& error) {
    test::require(std::string_view(error.what()).starts_with("logins:"),
                  "an error names the file and the line");
  }
  return 0;
}
