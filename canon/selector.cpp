#include "canon/selector.hpp"

#include "canon/labels.hpp"
#include "canon/text.hpp"

namespace dkim::canon {

Result<Selector> Selector::parse(std::string_view text) {
  if (auto wrong = check_labels(text)) return *wrong;
  return Selector(lower_case(text));
}

}  // namespace dkim::canon
