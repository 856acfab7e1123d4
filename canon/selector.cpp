#include "canon/selector.hpp"

#include "canon/labels.hpp"
#include "canon/text.hpp"

namespace dkim::canon {

namespace {

// What a record's name of 253 octets has left beside "._domainkey." and a domain of one octet. It also keeps
// the names of the key's files, with all that is put before and after, under the 255 octets of a file system.
constexpr std::size_t longest_selector = 253 - 12 - 1;

}  // namespace

Result<Selector> Selector::parse(std::string_view text) {
  if (text.size() > longest_selector)
    return Refusal{"a selector longer than the 240 octets for which DNS has room", longest_selector};
  if (auto wrong = check_labels(text)) return *wrong;
  return Selector(lower_case(text));
}

}  // namespace dkim::canon
