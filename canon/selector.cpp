#include "canon/selector.hpp"

#include "canon/labels.hpp"
#include "canon/text.hpp"

namespace dkim::canon {

namespace {

// A record's name of 253 bytes has that much room beside "._domainkey." and a domain of one byte. It also
// keeps the names of the key's files, temporary ones included, below the 255 bytes of a file system.
constexpr std::size_t longest_selector = 253 - 12 - 1;

}  // namespace

Result<Selector> Selector::parse(std::string_view text) {
  if (text.size() > longest_selector)
    return Refusal{"a selector longer than the 240 bytes for which DNS has room", longest_selector};
  if (auto wrong = check_labels(text)) return *wrong;
  return Selector(lower_case(text));
}

}  // namespace dkim::canon
