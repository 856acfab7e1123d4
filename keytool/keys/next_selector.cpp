#include "keytool/keys/next_selector.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "canon/text.hpp"

namespace dkim::keytool {
namespace {

// Takes off a date like "-20261124b", which this file put at the end of a selector.
std::string_view without_date(std::string_view selector) {
  std::string_view stem = selector;
  while (!stem.empty() && canon::is_alpha(stem.back()))
    stem.remove_suffix(1);
  constexpr std::size_t date = 8;
  if (stem.size() < date + 2) return selector;
  const std::string_view digits = stem.substr(stem.size() - date);
  if (!std::all_of(digits.begin(), digits.end(), canon::is_digit) || stem[stem.size() - date - 1] != '-') {
    return selector;
  }
  return stem.substr(0, stem.size() - date - 1);
}

// Returns the suffix of the n-th key of a day, from 0: "", "b" ... "z", "bb", "bc" ...
std::string day_suffix(std::size_t n) {
  std::string suffix;
  for (; n > 0; n = (n - 1) / 25)
    suffix.insert(suffix.begin(), static_cast<char>('b' + (n - 1) % 25));
  return suffix;
}

}  // namespace

canon::Selector next_selector(const crypto::Manifest& manifest, const canon::Selector& old,
                              crypto::UtcTime now) {
  const std::string today = crypto::to_string(now);  // 2026-11-24T...
  const std::string date = today.substr(0, 4) + today.substr(5, 2) + today.substr(8, 2);
  std::string stem(without_date(old.str()));
  // A label has at most 63 bytes; the date and a letter or two must fit into the last one.
  const std::size_t last_label = stem.rfind('.') == std::string::npos ? 0 : stem.rfind('.') + 1;
  stem.resize(std::min(stem.size(), last_label + 50));
  while (stem.ends_with('-'))
    stem.pop_back();
  for (std::size_t n = 0;; ++n) {
    auto selector = canon::Selector::parse(fmt::format("{}-{}{}", stem, date, day_suffix(n)));
    if (selector && manifest.find(*selector) == nullptr) return *std::move(selector);
    if (!selector) stem = "key";  // the whole name would be too long
  }
}

}  // namespace dkim::keytool
