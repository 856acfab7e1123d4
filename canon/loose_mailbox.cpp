#include "canon/loose_mailbox.hpp"

#include <algorithm>

#include "canon/text.hpp"

namespace dkim::canon {
namespace {

constexpr auto npos = std::string_view::npos;

std::size_t count(std::string_view text, char c) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), c));
}

// Readers disagree about these characters outside of what RFC 5322 allows: an escape may hide the next byte,
// and a NUL or another control character may end the text.
bool is_treacherous(char c) {
  return c == '\\' || (is_control(c) && !is_fws(c));
}

// Returns the length of the comment, quoted string or text in square brackets at the beginning of the text.
// Returns nothing if it does not end, or contains the beginning of another one: they do not nest here.
std::optional<std::size_t> enclosed(std::string_view text) {
  const char close = text.front() == '(' ? ')' : text.front() == '[' ? ']' : '"';
  const auto end = text.find(close, 1);
  if (end == npos) return std::nullopt;
  const auto inside = text.substr(1, end - 1);
  // All readers take an apostrophe, a comma or an @ inside for text.
  if (inside.find_first_of("()[]\"") != npos) return std::nullopt;
  return end + 1;
}

// Returns true for white space, comments and ";".
bool is_tail(std::string_view text) {
  while (!text.empty()) {
    std::size_t length = 1;
    if (text.front() == '(') {
      const auto comment = enclosed(text);
      // Some readers also look for addresses in comments.
      if (!comment || text.substr(0, *comment).find('@') != npos) return false;
      length = *comment;
    } else if (text.front() != ';' && !is_fws(text.front())) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

// Can these be the words before an address in angle brackets?
bool is_phrase(std::string_view text) {
  bool has_separator = false;
  // To Postfix, "b%x" and "x!b" are addresses of b at x.
  const bool has_at = text.find_first_of("@%!") != npos;
  while (!text.empty()) {
    const char c = text.front();
    std::size_t length = 1;
    if (c == '"' || c == '(' || c == '[') {
      const auto whole = enclosed(text);
      if (!whole) return false;
      length = *whole;
    } else if (c == ')' || c == ']') {
      return false;
    } else if (c == ',' || c == ';' || c == ':') {
      has_separator = true;
    }
    text.remove_prefix(length);
  }
  // In "b@x.example; A <a@y.example>", some readers take the first address for an author. In
  // "b@x.example via A <a@y.example>", it is part of a name.
  return !(has_separator && has_at);
}

// Is it ASCII dot-atoms on both sides of one @?
std::optional<Mailbox> plain_address(std::string_view text) {
  if (text.find_first_of("\"()[]<>,:; \t\r\n") != npos || !std::all_of(text.begin(), text.end(), is_ascii))
    return std::nullopt;
  auto found = parse_mailboxes(text);
  if (!found || found->size() != 1) return std::nullopt;
  return found->front();
}

}  // namespace

std::optional<Mailbox> only_reading(std::string_view value) {
  if (std::any_of(value.begin(), value.end(), is_treacherous)) return std::nullopt;
  const auto open = value.find('<');
  if (open == npos) {
    const auto text = trim_fws(value);
    const auto end = std::min(text.find_first_of("(; \t\r\n"), text.size());
    if (!is_tail(text.substr(end))) return std::nullopt;
    return plain_address(text.substr(0, end));
  }
  const auto close = value.find('>');
  if (count(value, '<') != 1 || count(value, '>') != 1 || close < open) return std::nullopt;
  if (!is_phrase(value.substr(0, open)) || !is_tail(value.substr(close + 1))) return std::nullopt;
  return plain_address(trim_fws(value.substr(open + 1, close - open - 1)));
}

}  // namespace dkim::canon
