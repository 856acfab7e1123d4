#include "crypto/keys/record_slips.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "canon/text.hpp"

namespace dkim::crypto {
namespace {

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// Returns the value of a v= at the beginning, up to white space, ";" or ",": "spf1" for "v=spf1 -all".
std::string_view version_of(std::string_view value) {
  const auto text = canon::trim_fws(value);
  if (text.size() < 2 || (text[0] != 'v' && text[0] != 'V')) return {};
  const auto equals = text.find_first_not_of(" \t", 1);
  if (equals == std::string_view::npos || text[equals] != '=') return {};
  const auto begin = text.find_first_not_of(" \t", equals + 1);
  if (begin == std::string_view::npos) return {};
  const auto rest = text.substr(begin);
  return rest.substr(0, rest.find_first_of("; ,\t\r\n"));
}

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 20 && std::all_of(text.begin(), text.end(), canon::is_alnum);
}

// Zone-file text begins with the record's name, or with the parenthesis around its strings.
bool is_zone_text(std::string_view value, std::string_view lower) {
  if (canon::trim_fws(value).starts_with('(')) return true;
  const bool has_type =
      holds(lower, " txt ") || holds(lower, "\ttxt\t") || holds(lower, " txt\t") || holds(lower, "\ttxt ");
  return holds(lower, "_domainkey") || (has_type && holds(lower, "dkim1"));
}

bool has_typographic_quotes(std::string_view value) {
  // U+2018 to U+201F, and the guillemets.
  return holds(value, "\xe2\x80\x98") || holds(value, "\xe2\x80\x99") || holds(value, "\xe2\x80\x9c") ||
         holds(value, "\xe2\x80\x9d") || holds(value, "\xe2\x80\x9e") || holds(value, "\xc2\xab") ||
         holds(value, "\xc2\xbb");
}

std::optional<std::string> other_kind(std::string_view value) {
  const auto version = version_of(value);
  if (!is_word(version) || canon::lower_case(version).starts_with("dkim")) return std::nullopt;
  return fmt::format(
      "this is another kind of record (v={}): it was entered under this name by mistake, or a wildcard "
      "answers for the name",
      version);
}

std::optional<std::string> quotation_marks(std::string_view value, std::string_view lower) {
  const auto text = canon::trim_fws(value);
  if (holds(value, "\"") || holds(lower, "&quot;") || has_typographic_quotes(value) ||
      text.starts_with('\'') || text.starts_with('`'))
    return "the value holds quotation marks: enter it without them";
  return std::nullopt;
}

std::optional<std::string> several_in_one(std::string_view lower) {
  const auto first = lower.find("v=dkim1");
  if (first == std::string_view::npos) return std::nullopt;
  const auto rest = lower.substr(first + 1);
  constexpr std::array versions{"v=dkim1", "v=spf1", "v=dmarc1"};
  if (std::none_of(versions.begin(), versions.end(), [&](const char* v) { return holds(rest, v); }))
    return std::nullopt;
  return "the value holds more than one record: each needs a TXT record of its own";
}

// "v=DKIM1 k=rsa" and "v=DKIM1, k=rsa": a k= or p= that follows something other than a semicolon.
bool lacks_semicolon(std::string_view value) {
  for (std::size_t i = 1; i + 1 < value.size(); ++i) {
    if (value[i + 1] != '=' || (value[i] != 'k' && value[i] != 'p') || !canon::is_fws(value[i - 1])) continue;
    const auto before = canon::trim_fws(value.substr(0, i));
    if (!before.empty() && !before.ends_with(';')) return true;
  }
  return false;
}

std::optional<std::string> wrong_version(std::string_view value) {
  const auto version = version_of(value);
  if (version == "DKIM1" || canon::lower_case(version) != "dkim1") return std::nullopt;
  return "the version is written in another case: it must be v=DKIM1";
}

// In base64, all public RSA keys of 1024 to 8192 bits begin with one of these.
bool is_bare_key(std::string_view value) {
  const auto text = canon::trim_fws(value);
  return text.starts_with("MIG") || text.starts_with("MII");
}

bool has_non_ascii(std::string_view value) {
  return !std::all_of(value.begin(), value.end(), canon::is_ascii);
}

}  // namespace

std::optional<std::string> record_slip(std::string_view value) {
  const std::string lower = canon::lower_case(value);
  if (holds(lower, "private key-----"))
    return "a PRIVATE KEY is published here: take it out of DNS, revoke the key and make another";
  if (holds(lower, "-----begin"))
    return "the value holds a key file: enter the record that dkimkey show prints";
  if (auto other = other_kind(value)) return other;
  if (is_zone_text(value, lower)) {
    return "the value holds text of a zone file: enter only the value, which begins with v=DKIM1, without "
           "quotation marks";
  }
  if (auto quotes = quotation_marks(value, lower)) return quotes;
  if (holds(value, "\\"))
    return "the value holds backslashes: enter it without them, with a plain ; between tags";
  if (auto several = several_in_one(lower)) return several;
  if (holds(value, "...") || holds(value, "\xe2\x80\xa6"))
    return "the value was copied from a place that abbreviates it with dots: copy the whole record";
  if (has_non_ascii(value))
    return "the value holds a character that is not ASCII: copy it from dkimkey show --format value";
  if (auto version = wrong_version(value)) return version;
  if (lacks_semicolon(value)) return "a semicolon is missing: there must be one between two tags";
  if (is_bare_key(value)) return "the value is the key alone: put v=DKIM1; k=rsa; p= in front of it";
  return std::nullopt;
}

}  // namespace dkim::crypto
