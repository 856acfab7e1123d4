#include "canon/header_selection.hpp"

#include <string_view>
#include <unordered_map>

#include "canon/text.hpp"

namespace dkim::canon {
namespace {

// White space before the colon does not belong to the field name.
std::string_view without_trailing_wsp(std::string_view name) {
  while (!name.empty() && is_wsp(name.back()))
    name.remove_suffix(1);
  return name;
}

}  // namespace

HeaderSelection select_fields(const std::vector<HeaderField>& message, const FieldPolicy& policy) {
  HeaderSelection selection;
  std::unordered_map<std::string, std::vector<std::size_t>> occurrences;  // of each signed name, from the top
  std::vector<const std::vector<std::size_t>*> stacks;                    // for each name in h=
  for (std::size_t i = 0; i < message.size(); ++i) {
    const std::string_view name = without_trailing_wsp(message[i].name);
    const std::string lower = lower_case(name);
    if (!policy.is_signed(lower)) continue;
    auto& stack = occurrences[lower];
    stack.push_back(i);
    selection.names.emplace_back(name);
    stacks.push_back(&stack);  // references into an unordered_map stay valid
  }

  selection.fields.reserve(stacks.size());
  std::unordered_map<const std::vector<std::size_t>*, std::size_t> consumed;
  for (const auto* stack : stacks) {
    const std::size_t from_bottom = ++consumed[stack];
    selection.fields.push_back((*stack)[stack->size() - from_bottom]);
  }
  for (const auto& field : policy.oversigned()) {
    const auto present = occurrences.find(field.lower_name);
    if (present != occurrences.end()) {
      // Case does not matter here (RFC 6376 §3.5), but some verifiers have failed at one name in two
      // spellings.
      const std::string_view name = message[present->second.front()].name;
      selection.names.emplace_back(without_trailing_wsp(name));
    } else if (field.when == Oversigning::always) {
      selection.names.push_back(field.name);
    }
  }
  return selection;
}

}  // namespace dkim::canon
