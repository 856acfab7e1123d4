#include "keytool/rotation/alias_end.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "canon/printable.hpp"
#include "canon/text.hpp"
#include "crypto/error.hpp"
#include "keytool/lexicon/listed_records.hpp"

namespace dkim::keytool {
namespace {

constexpr std::size_t longest_quote = 80;

bool is_of_key(std::string_view value) {
  const std::string plain = plain_value(value);
  if (canon::lower_case(plain).find("v=dkim1") != std::string::npos) return true;
  // Without a version, the key's tag says it (RFC 6376 §3.6.1). A record of another version may have a p= of
  // its own, as DMARC's has.
  const auto is_named = [](std::string_view tag, char name) {
    return tag.starts_with(name) && canon::trim_fws(tag.substr(1)).starts_with('=');
  };
  for (std::string_view rest = plain; !rest.empty();) {
    const auto end = std::min(rest.find(';'), rest.size());
    const auto tag = canon::trim_fws(rest.substr(0, end));
    if (is_named(tag, 'v')) return false;
    if (is_named(tag, 'p')) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return plain.empty();
}

}  // namespace

void require_only_keys(const std::vector<std::string>& values, std::string_view name,
                       std::string_view target) {
  const auto other =
      std::find_if(values.begin(), values.end(), [](const auto& value) { return !is_of_key(value); });
  if (other == values.end()) return;
  throw crypto::Error(
      fmt::format("the CNAME at {} leads to {}, which has a TXT record that is no key and is left alone: "
                  "\"{}\"; let the CNAME lead to a name that nothing else uses",
                  name, target, canon::printable(*other, longest_quote)));
}

}  // namespace dkim::keytool
