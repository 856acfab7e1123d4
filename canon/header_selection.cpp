#include "canon/header_selection.hpp"

#include <string_view>
#include <unordered_map>

#include "canon/text.hpp"

namespace dkim::canon {

HeaderSelection select_fields(const std::vector<HeaderField>& message, const FieldPolicy& policy) {
  HeaderSelection selection;
  std::unordered_map<std::string, std::vector<std::size_t>> occurrences;  // of each signed name, top down
  std::vector<const std::vector<std::size_t>*> stacks;                    // per name in h=, same length
  for (std::size_t i = 0; i < message.size(); ++i) {
    std::string_view name = message[i].name;
    while (!name.empty() && is_wsp(name.back()))
      name.remove_suffix(1);
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
  for (const auto& name : policy.oversigned())
    selection.names.push_back(name);
  return selection;
}

}  // namespace dkim::canon
