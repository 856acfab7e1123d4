#include "crypto/settings/slot_target.hpp"

#include <fmt/format.h>

#include "canon/labels.hpp"
#include "canon/text.hpp"

namespace dkim::crypto {
namespace {

constexpr std::string_view selector_place = "%selector%";
constexpr std::string_view domain_place = "%domain%";

std::string replaced(std::string text, std::string_view place, std::string_view by) {
  if (const auto at = text.find(place); at != std::string::npos) text.replace(at, place.size(), by);
  return text;
}

std::string filled(std::string text, std::string_view selector, std::string_view domain) {
  return replaced(replaced(std::move(text), selector_place, selector), domain_place, domain);
}

}  // namespace

canon::Result<SlotTarget> SlotTarget::parse(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  for (const auto place : {selector_place, domain_place}) {
    if (text.find(place) == std::string_view::npos)
      return canon::Refusal{fmt::format("without {}, so that slots would share a name", place), text.size()};
  }
  if (auto wrong = canon::check_labels(filled(std::string(text), "s", "example.com")))
    return *std::move(wrong);
  SlotTarget target;
  target.text_ = canon::lower_case(text);
  return target;
}

canon::Result<std::string> SlotTarget::name(const canon::Selector& selector,
                                            const canon::DomainName& domain) const {
  auto name = filled(text_, selector.str(), domain.str());
  if (auto wrong = canon::check_labels(name)) return *std::move(wrong);
  return name;
}

}  // namespace dkim::crypto
