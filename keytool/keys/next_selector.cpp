#include "keytool/keys/next_selector.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "canon/labels.hpp"
#include "canon/text.hpp"
#include "crypto/keys/key_record.hpp"
#include "crypto/utc_time.hpp"

namespace dkim::keytool {
namespace {

// The forms of a date at the end of a selector, in digits ("0") and separators; longer ones first.
struct DateForm {
  std::string_view shape;
  std::string_view pattern;
};
constexpr std::array<DateForm, 7> date_forms = {{{"0000.00.00", "%year%.%month%.%day%"},
                                                 {"0000-00-00", "%year%-%month%-%day%"},
                                                 {"00000000", "%date%"},
                                                 {"0000.00", "%year%.%month%"},
                                                 {"0000-00", "%year%-%month%"},
                                                 {"000000", "%year%%month%"},
                                                 {"0000", "%year%"}}};

// Whether the text is a date in that form, of this century.
bool is_date(std::string_view text, std::string_view shape) {
  if (text.size() != shape.size()) return false;
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (shape[i] == '0' ? !canon::is_digit(text[i]) : text[i] != shape[i]) return false;
    if (shape[i] == '0') digits += text[i];
  }
  const auto number = [&](std::size_t at) { return (digits[at] - '0') * 10 + digits[at + 1] - '0'; };
  if (number(0) != 20) return false;
  if (digits.size() >= 6 && (number(4) < 1 || number(4) > 12)) return false;
  return digits.size() < 8 || (number(6) >= 1 && number(6) <= 31);
}

// Returns the form of the date that the name ends with. A year alone must be the whole name, because
// "key2048" has another meaning.
const DateForm* form_at_end(std::string_view name) {
  for (const auto& form : date_forms) {
    if (name.size() < form.shape.size()) continue;
    const auto before = name.substr(0, name.size() - form.shape.size());
    if (!is_date(name.substr(before.size()), form.shape)) continue;
    if (before.empty()) return &form;
    if (form.shape.size() > 4 && !canon::is_digit(before.back())) return &form;
  }
  return nullptr;
}

struct Naming {
  canon::SelectorPattern pattern;
  std::string stem;
};

canon::SelectorPattern our_pattern(std::string_view text) {
  return *canon::SelectorPattern::parse(text);
}

// Takes a selector apart, so that the next one gets the same form.
Naming naming_by_date(std::string_view old) {
  for (const auto name : {old, canon::without_day_letters(old)}) {
    const auto* form = form_at_end(name);
    if (form == nullptr) continue;
    return {our_pattern(fmt::format("%stem%{}", form->pattern)),
            std::string(name.substr(0, name.size() - form->shape.size()))};
  }
  return {our_pattern("%stem%-%date%"), std::string(old)};
}

Naming naming_of(const SelectorNaming& naming, std::string_view old, std::string_view algorithm) {
  auto by_date = naming_by_date(old);
  if (!naming.pattern) return by_date;
  if (auto stem = naming.pattern->stem_of(old, algorithm)) return {*naming.pattern, *std::move(stem)};
  auto& stem = by_date.stem;
  while (stem.ends_with('-') || stem.ends_with('.'))
    stem.pop_back();
  return {*naming.pattern, std::move(stem)};
}

// Returns the suffix of the n-th key of a day, from 0: "", "b" ... "z", "bb", "bc" ...
std::string day_suffix(std::size_t n) {
  std::string suffix;
  for (; n > 0; n = (n - 1) / 25)
    suffix.insert(suffix.begin(), static_cast<char>('b' + (n - 1) % 25));
  return suffix;
}

// Returns the pattern's name with as much of the stem as fits; nothing if it does not fit without one either.
std::optional<canon::Selector> fitting_name(const Naming& naming, canon::SelectorParts parts,
                                            const std::string& suffix, std::size_t most_bytes) {
  for (std::string stem = naming.stem;; stem.pop_back()) {
    parts.stem = stem;
    auto name = naming.pattern.fill(parts) + suffix;
    // Without a stem, the separator after it is left over.
    if (stem.empty()) name.erase(0, name.find_first_not_of("-."));
    const bool was_cut_at_a_hyphen = stem.size() < naming.stem.size() && stem.ends_with('-');
    if (name.size() <= most_bytes && !was_cut_at_a_hyphen) {
      if (auto selector = canon::Selector::parse(name)) return *std::move(selector);
    }
    if (stem.empty()) return std::nullopt;
  }
}

}  // namespace

std::size_t longest_selector(const canon::DomainName& domain) {
  const auto others = crypto::record_name(*canon::Selector::parse("s"), domain).size() - 1;
  return canon::longest_name > others ? canon::longest_name - others : 0;
}

canon::Result<canon::Selector> next_selector(const crypto::Manifest& manifest, const canon::Selector& old,
                                             crypto::Algorithm algorithm, crypto::UtcTime now,
                                             const SelectorNaming& naming) {
  const auto algorithm_name = crypto::key_name(algorithm);
  const auto wanted = naming_of(naming, old.str(), algorithm_name);
  const canon::SelectorParts parts{{}, algorithm_name, std::chrono::floor<std::chrono::days>(now)};
  // A domain with a very long name leaves no room for the date: letters alone do then.
  const Naming letters{our_pattern("%stem%k"), ""};
  for (const auto* names : {&wanted, &letters}) {
    for (std::size_t n = 0; auto name = fitting_name(*names, parts, day_suffix(n), naming.most_bytes); ++n) {
      if (manifest.find(*name) == nullptr && !manifest.is_slot(*name)) return *std::move(name);
    }
  }
  return canon::Refusal{fmt::format("no selector is left that fits into {} bytes", naming.most_bytes)};
}

}  // namespace dkim::keytool
