#include "canon/selector_pattern.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "canon/selector.hpp"
#include "canon/text.hpp"

namespace dkim::canon {
namespace {

std::string digits_of(unsigned number, int width) {
  return fmt::format("{:0{}}", number, width);
}

// Whether the text has only digits and is a number in that range. The bounds have as many digits.
bool is_within(std::string_view text, std::string_view least, std::string_view most) {
  return std::all_of(text.begin(), text.end(), is_digit) && least <= text && text <= most;
}

// Years of this century: other digits, such as the end of a whole date, are no year.
bool is_year(std::string_view text) {
  return is_within(text, "2000", "2099");
}

bool is_month(std::string_view text) {
  return is_within(text, "01", "12");
}

bool is_day(std::string_view text) {
  return is_within(text, "01", "31");
}

}  // namespace

std::optional<SelectorPattern::Place> SelectorPattern::place_of(std::string_view name) {
  if (name == "stem") return Place::stem;
  if (name == "algorithm") return Place::algorithm;
  if (name == "date") return Place::date;
  if (name == "year") return Place::year;
  if (name == "month") return Place::month;
  if (name == "day") return Place::day;
  return std::nullopt;
}

Result<SelectorPattern> SelectorPattern::parse(std::string_view text) {
  SelectorPattern pattern;
  pattern.text_ = text;
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t sign = std::min(text.find('%', start), text.size());
    if (sign > start)
      pattern.pieces_.push_back({Place::literal, lower_case(text.substr(start, sign - start))});
    if (sign == text.size()) break;
    const std::size_t end = text.find('%', sign + 1);
    if (end == std::string_view::npos) return Refusal{"a % without another one after it", sign};
    const auto place = place_of(text.substr(sign + 1, end - sign - 1));
    if (!place)
      return Refusal{"a place other than %stem%, %algorithm%, %date%, %year%, %month% and %day%", sign};
    if (*place == Place::stem && std::any_of(pattern.pieces_.begin(), pattern.pieces_.end(),
                                             [](const Piece& piece) { return piece.place == Place::stem; }))
      return Refusal{"a second %stem%", sign};
    pattern.pieces_.push_back({*place});
    start = end + 1;
  }
  using namespace std::chrono_literals;
  // With the shortest stem: a longer one is shortened.
  const auto example = Selector::parse(pattern.fill({"s", "rsa", 2026y / 11 / 24}));
  if (!example) return Refusal{fmt::format("it makes {}", example.refusal().reason)};
  return pattern;
}

std::string SelectorPattern::text_of(const Piece& piece, const SelectorParts& parts) {
  const auto year = [&] { return digits_of(static_cast<unsigned>(static_cast<int>(parts.date.year())), 4); };
  const auto month = [&] { return digits_of(static_cast<unsigned>(parts.date.month()), 2); };
  const auto day = [&] { return digits_of(static_cast<unsigned>(parts.date.day()), 2); };
  switch (piece.place) {
    case Place::literal:
      return piece.text;
    case Place::stem:
      return std::string(parts.stem);
    case Place::algorithm:
      return std::string(parts.algorithm);
    case Place::date:
      return year() + month() + day();
    case Place::year:
      return year();
    case Place::month:
      return month();
    case Place::day:
      return day();
  }
  return {};
}

std::string SelectorPattern::fill(const SelectorParts& parts) const {
  std::string name;
  for (const auto& piece : pieces_)
    name += text_of(piece, parts);
  return name;
}

std::optional<std::string> SelectorPattern::stem_of(std::string_view selector,
                                                    std::string_view algorithm) const {
  if (auto stem = exact_stem_of(selector, algorithm)) return stem;
  return exact_stem_of(without_day_letters(selector), algorithm);
}

// Every piece but the stem has a fixed length: what stands before the stem is matched from the left, and what
// stands after it from the right.
std::optional<std::string> SelectorPattern::exact_stem_of(std::string_view selector,
                                                          std::string_view algorithm) const {
  const auto matches = [&](const Piece& piece, std::string_view text) {
    switch (piece.place) {
      case Place::literal:
      case Place::algorithm:
        return text == text_of(piece, {{}, algorithm, {}});
      case Place::date:
        return is_year(text.substr(0, 4)) && is_month(text.substr(4, 2)) && is_day(text.substr(6));
      case Place::year:
        return is_year(text);
      case Place::month:
        return is_month(text);
      case Place::day:
        return is_day(text);
      case Place::stem:
        break;
    }
    return false;
  };
  const auto length = [&](const Piece& piece) { return text_of(piece, {{}, algorithm, {}}).size(); };
  const auto stem = std::find_if(pieces_.begin(), pieces_.end(),
                                 [](const Piece& piece) { return piece.place == Place::stem; });
  for (auto piece = pieces_.begin(); piece != stem; ++piece) {
    if (selector.size() < length(*piece) || !matches(*piece, selector.substr(0, length(*piece))))
      return std::nullopt;
    selector.remove_prefix(length(*piece));
  }
  if (stem == pieces_.end()) return selector.empty() ? std::optional<std::string>("") : std::nullopt;
  for (auto piece = pieces_.end() - 1; piece != stem; --piece) {
    if (selector.size() < length(*piece) ||
        !matches(*piece, selector.substr(selector.size() - length(*piece))))
      return std::nullopt;
    selector.remove_suffix(length(*piece));
  }
  return std::string(selector);
}

std::string_view without_day_letters(std::string_view selector) {
  const auto last = std::find_if_not(selector.rbegin(), selector.rend(), is_alpha);
  const auto letters = selector.substr(static_cast<std::size_t>(selector.rend() - last));
  // Nobody needs hundreds of keys on one day; more letters are a word. "a" would be the first key of its day,
  // which has no letter.
  if (letters.size() <= 2 && letters.find('a') == std::string_view::npos)
    selector.remove_suffix(letters.size());
  return selector;
}

}  // namespace dkim::canon
