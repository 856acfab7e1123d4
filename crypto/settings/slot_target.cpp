#include "crypto/settings/slot_target.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "canon/labels.hpp"
#include "canon/text.hpp"

namespace dkim::crypto {
namespace {

using canon::Refusal;

constexpr std::string_view selector_place = "%selector%";
constexpr std::string_view domain_place = "%domain%";

std::string replaced(std::string text, std::string_view place, std::string_view by) {
  if (const auto at = text.find(place); at != std::string::npos) text.replace(at, place.size(), by);
  return text;
}

std::string filled(std::string text, std::string_view selector, std::string_view domain) {
  return replaced(replaced(std::move(text), selector_place, selector), domain_place, domain);
}

// Two names could be the same if the places were parts of one label: of s1-a in b.example, and of s1 in
// a-b.example.
bool share_a_label(std::string_view text) {
  const auto [first, last] = std::minmax({text.find(selector_place), text.find(domain_place)});
  return text.substr(first, last - first).find('.') == std::string_view::npos;
}

}  // namespace

canon::Result<SlotTarget> SlotTarget::parse(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  for (const auto place : {selector_place, domain_place}) {
    if (text.find(place) == std::string_view::npos)
      return Refusal{fmt::format("{} is missing: slots would share a name", place), text.size()};
  }
  const auto example = filled(std::string(text), "s", "example.com");
  if (example.find('%') != std::string::npos)
    return Refusal{"it has a % beside one %selector% and one %domain%", text.find('%')};
  if (auto wrong = canon::check_labels(example))
    return Refusal{fmt::format("it makes {}", wrong->reason), wrong->byte};
  if (share_a_label(text)) {
    return Refusal{"%selector% and %domain% are in one label: slots of two domains could share a name",
                   text.find('%')};
  }
  // The part after the places is the zone that the names are published in.
  if (const auto end = text.rfind('%') + 1; end == text.size() || text[end] != '.') {
    return Refusal{"it must end with a zone of yours, for all domains", text.size()};
  }
  SlotTarget target;
  target.text_ = canon::lower_case(text);
  return target;
}

canon::Result<std::string> SlotTarget::name(const canon::Selector& selector,
                                            const canon::DomainName& domain) const {
  if (selector.str().find('.') != std::string::npos)
    return Refusal{"a selector with a dot: slots of two domains could share a name"};
  auto name = filled(text_, selector.str(), domain.str());
  if (auto wrong = canon::check_labels(name)) return *std::move(wrong);
  if (canon::is_below(name, domain.str()))
    return Refusal{"a name below the domain itself: where its DNS is yours, use ordinary selectors"};
  return name;
}

}  // namespace dkim::crypto
