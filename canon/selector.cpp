#include "canon/selector.hpp"

#include <fmt/format.h>

#include "canon/labels.hpp"
#include "canon/text.hpp"

namespace dkim::canon {
namespace {

// A record's name has that much room beside "._domainkey." and a domain of one byte. It also keeps the names
// of the key's files, temporary ones included, below the 255 bytes of a file system.
constexpr std::size_t longest_selector = longest_name - 12 - 1;

}  // namespace

Result<Selector> Selector::parse(std::string_view text) {
  if (text.size() > longest_selector)
    return Refusal{
        fmt::format("a selector longer than the {} bytes for which DNS has room", longest_selector),
        longest_selector};
  if (auto wrong = check_labels(text)) return *wrong;
  return Selector(lower_case(text));
}

}  // namespace dkim::canon
