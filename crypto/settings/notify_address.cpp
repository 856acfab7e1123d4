#include "crypto/settings/notify_address.hpp"

#include <algorithm>

#include "canon/labels.hpp"
#include "canon/text.hpp"

namespace dkim::crypto {
namespace {

// RFC 5321 §4.5.3.1.1
constexpr std::size_t longest_local_part = 64;

bool is_local_character(char c) {
  return canon::is_alnum(c) || std::string_view("._+=-").find(c) != std::string_view::npos;
}

}  // namespace

canon::Result<NotifyAddress> NotifyAddress::parse(std::string_view text) {
  const auto at = text.find('@');
  const auto local_part = text.substr(0, at);
  if (local_part.empty()) return canon::Refusal{"without a name before the @", 0};
  if (local_part.size() > longest_local_part)
    return canon::Refusal{"longer than 64 bytes before the @", longest_local_part};
  if (!canon::is_alnum(local_part.front()))
    return canon::Refusal{"an address that begins with neither a letter nor a digit", 0};
  const auto* odd = std::find_if_not(local_part.begin(), local_part.end(), is_local_character);
  if (odd != local_part.end()) {
    return canon::Refusal{"not one plain address: a name may have letters, digits and . _ + = -",
                          static_cast<std::size_t>(odd - local_part.begin())};
  }
  if (local_part.back() == '.' || local_part.find("..") != std::string_view::npos)
    return canon::Refusal{"an address with a dot that separates nothing", local_part.size()};
  if (at != std::string_view::npos) {
    if (auto wrong = canon::check_labels(text.substr(at + 1)))
      return canon::Refusal{"an address with a domain that is not a host name in ASCII",
                            at + 1 + wrong->byte};
  }
  return NotifyAddress(text);
}

}  // namespace dkim::crypto
