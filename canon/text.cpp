#include "canon/text.hpp"

#include <algorithm>

namespace dkim::canon {

bool is_field_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](char c) { return c > ' ' && c < 0x7f && c != ':' && c != ';'; });
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), to_lower);
  return out;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_lower(x) == to_lower(y); });
}

std::string_view trim_fws(std::string_view text) {
  while (!text.empty() && is_fws(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_fws(text.back()))
    text.remove_suffix(1);
  return text;
}

std::string without_fws(std::string_view text) {
  std::string out(text);
  std::erase_if(out, is_fws);
  return out;
}

bool matches_wildcard(std::string_view pattern, std::string_view text) {
  // Only the last * needs another try: an earlier one that matched less leaves more to the last.
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*')
    ++p;
  return p == pattern.size();
}

}  // namespace dkim::canon
