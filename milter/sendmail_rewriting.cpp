#include "milter/sendmail_rewriting.hpp"

#include <algorithm>
#include <array>

#include "canon/text.hpp"

namespace dkim::milter {
namespace {

using Problem = std::optional<std::string_view>;

// sendmail puts a name with one of these into quotes (MustQuoteChars; a comma ends an entry, and a
// parenthesis begins a comment).
constexpr std::string_view special_characters = "@;:\\)[].'";
// What sendmail keeps of one address with its name (MAXNAME).
constexpr std::size_t longest_entry = 255;

// Follows quoted strings and comments through a text. Everything in them, and their delimiters, is hidden.
class Reader {
 public:
  bool hides(char c) {
    if (escaped_) {
      escaped_ = false;
      return quoted_ || depth_ > 0;
    }
    if (c == '\\') escaped_ = true;
    if (c == '"' && depth_ == 0) {
      quoted_ = !quoted_;
      return true;
    }
    if (quoted_) return true;
    if (c == '(') ++depth_;
    if (depth_ > 0 && c == ')') {
      --depth_;
      return true;
    }
    return depth_ > 0;
  }
  bool is_open() const { return quoted_ || depth_ > 0; }
  bool is_in_comment() const { return depth_ > 0; }

 private:
  bool quoted_ = false;
  bool escaped_ = false;
  int depth_ = 0;
};

// Returns where the first of these characters stands outside quotes and comments.
std::size_t find_outside(std::string_view text, std::string_view characters) {
  Reader reader;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!reader.hides(text[i]) && characters.find(text[i]) != std::string_view::npos) return i;
  }
  return std::string_view::npos;
}

Problem problem_of_name(std::string_view name) {
  if (find_outside(name, special_characters) != std::string_view::npos)
    return "a special character in a name that is not in quotes";
  return std::nullopt;
}

Problem problem_of_domain(std::string_view domain) {
  if (domain.starts_with('[')) return std::nullopt;
  if (domain.ends_with('.')) return "a dot at the end of a domain";
  if (std::any_of(domain.begin(), domain.end(), [](char c) { return c >= 'A' && c <= 'Z'; }))
    return "a capital letter in a domain";
  return std::nullopt;
}

// An address alone, without white space or comments around it.
Problem problem_of_address(std::string_view address) {
  if (find_outside(address, " \t\r\n") != std::string_view::npos) return "white space inside an address";
  if (find_outside(address, ";") != std::string_view::npos) return "text after a semicolon";
  if (find_outside(address, "@") == 0) return "a source route";
  const auto at = address.rfind('@');
  if (at == std::string_view::npos || find_outside(address, "@") == std::string_view::npos)
    return "an address without a domain";
  return problem_of_domain(address.substr(at + 1));
}

Problem problem_of_bracketed(std::string_view inside) {
  if (inside.empty()) return std::nullopt;
  if (canon::is_fws(inside.front()) || canon::is_fws(inside.back())) return "white space inside an address";
  Reader reader;
  for (const char c : inside) {
    reader.hides(c);
    if (reader.is_in_comment()) return "a comment inside an address";
  }
  return problem_of_address(inside);
}

// An address without angle brackets: comments may stand before and after it, with white space between.
Problem problem_of_bare(std::string_view text) {
  std::string_view address;
  Reader reader;
  std::size_t start = std::string_view::npos;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool was_in_comment = reader.is_in_comment();
    reader.hides(text[i]);
    const bool begins = reader.is_in_comment() && !was_in_comment;
    const bool ended = was_in_comment && !reader.is_in_comment();
    if (begins && i > 0 && !canon::is_fws(text[i - 1])) return "a comment that touches an address";
    if (ended && i + 1 < text.size() && !canon::is_fws(text[i + 1]))
      return "a comment that touches an address";
    if (reader.is_in_comment() || was_in_comment) {
      if (begins && start != std::string_view::npos && address.empty())
        address = canon::trim_fws(text.substr(start, i - start));
      continue;
    }
    if (canon::is_fws(text[i])) continue;
    if (!address.empty()) return "a comment inside an address";
    if (start == std::string_view::npos) start = i;
  }
  if (start == std::string_view::npos) return "an empty entry in a list";
  if (address.empty()) address = canon::trim_fws(text.substr(start));
  return problem_of_address(address);
}

// Returns where the name of a group ends: the first colon, unless it is in an address. Otherwise npos.
std::size_t colon_of_group(std::string_view entry) {
  const auto found = find_outside(entry, ":<[");
  return found != std::string_view::npos && entry[found] == ':' ? found : std::string_view::npos;
}

// One entry of the list, without white space around it.
Problem problem_of_entry(std::string_view entry) {
  if (entry.size() > longest_entry) return "an entry of more than 255 bytes";
  if (const auto colon = colon_of_group(entry); colon != std::string_view::npos) {
    if (const auto problem = problem_of_name(entry.substr(0, colon))) return problem;
    entry = canon::trim_fws(entry.substr(colon + 1));
    if (entry.empty() || entry == ";") return std::nullopt;
  }
  const auto angle = find_outside(entry, "<");
  if (angle == std::string_view::npos) {
    while (entry.ends_with(';') || (!entry.empty() && canon::is_fws(entry.back())))
      entry.remove_suffix(1);
    return problem_of_bare(entry);
  }
  if (const auto problem = problem_of_name(entry.substr(0, angle))) return problem;
  const auto inside = entry.substr(angle + 1);
  const auto end = find_outside(inside, ">");
  if (end == std::string_view::npos) return "an angle bracket without its end";
  if (find_outside(inside, "<") != std::string_view::npos)
    return "two addresses without a comma between them";
  return problem_of_bracketed(inside.substr(0, end));
}

}  // namespace

bool sendmail_rewrites_addresses_in(std::string_view name) {
  constexpr std::array<std::string_view, 13> names = {
      "from",          "sender",    "reply-to",  "to",  "cc",         "errors-to",      "resent-from",
      "resent-sender", "resent-to", "resent-cc", "bcc", "resent-bcc", "resent-reply-to"};
  return name == "disposition-notification-to" || std::find(names.begin(), names.end(), name) != names.end();
}

Problem rewritten_because(std::string_view value) {
  if (canon::trim_fws(value).empty()) return std::nullopt;
  Reader whole;
  for (const char c : value)
    whole.hides(c);
  if (whole.is_open()) return "a quotation mark or a parenthesis without its end";
  for (bool first = true;; first = false) {
    const auto comma = find_outside(value, ",");
    const auto text = value.substr(0, comma);
    if (canon::trim_fws(text).empty()) return "an empty entry in a list";
    if (!first && !canon::is_fws(text.front())) return "no space after a comma";
    if (comma != std::string_view::npos && canon::is_fws(text.back())) return "a space before a comma";
    if (const auto problem = problem_of_entry(canon::trim_fws(text))) return problem;
    if (comma == std::string_view::npos) return std::nullopt;
    value.remove_prefix(comma + 1);
  }
}

}  // namespace dkim::milter
