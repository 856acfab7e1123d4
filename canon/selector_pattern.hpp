// How new selectors are named: a text with places, such as "%stem%-%year%%month%". Each place is filled in
// when a key is made: %stem%, %algorithm%, %date% (20261124), %year%, %month% and %day%.
//
// A text that is not a pattern is a Refusal; nothing here throws.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "canon/result.hpp"

namespace dkim::canon {

struct SelectorParts {
  std::string_view stem;
  std::string_view algorithm;
  std::chrono::year_month_day date;  // of the years 0 to 9999
};

class SelectorPattern {
 public:
  // Refuses an unknown place, more than one %stem%, and a pattern that makes no valid selector.
  static Result<SelectorPattern> parse(std::string_view text);

  // Returns the pattern as it was written.
  const std::string& text() const { return text_; }

  // Returns the name, which is not a valid selector if it is too long or the stem is not part of one.
  std::string fill(const SelectorParts& parts) const;

  // Returns the stem that this pattern has made the selector from, on any day and with the letters of a later
  // key of that day ("b", "c" ...); nothing if it cannot have made it. The stem is empty if the pattern has
  // no place for it.
  std::optional<std::string> stem_of(std::string_view selector, std::string_view algorithm) const;

 private:
  enum class Place { literal, stem, algorithm, date, year, month, day };
  struct Piece {
    Place place = Place::literal;
    std::string text = {};  // of a literal
  };

  static std::optional<Place> place_of(std::string_view name);
  static std::string text_of(const Piece& piece, const SelectorParts& parts);
  std::optional<std::string> exact_stem_of(std::string_view selector, std::string_view algorithm) const;

  std::string text_;
  std::vector<Piece> pieces_;
};

// Returns the selector without the letters at its end that set it apart from others of its day.
std::string_view without_day_letters(std::string_view selector);

}  // namespace dkim::canon
