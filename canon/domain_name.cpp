#include "canon/domain_name.hpp"

#include <fmt/format.h>
#include <idn2.h>

#include <algorithm>
#include <memory>

#include "canon/labels.hpp"
#include "canon/text.hpp"

namespace dkim::canon {

Result<DomainName> DomainName::parse(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  // Far longer than any name in any form: keeps libidn2's work bounded.
  if (text.size() > 1024)
    return Refusal{fmt::format("a domain name longer than {} bytes", longest_name), longest_name};
  if (text.find('\0') != std::string_view::npos)
    return Refusal{"a domain name with a NUL byte", text.find('\0')};

  std::string name;
  if (std::all_of(text.begin(), text.end(), is_ascii)) {
    name = lower_case(text);
  } else {
    char* converted = nullptr;
    const std::string terminated(text);
    const int code = idn2_to_ascii_8z(terminated.c_str(), &converted, IDN2_NONTRANSITIONAL);
    const std::unique_ptr<char, void (*)(void*)> owner(converted, idn2_free);
    if (code != IDN2_OK)
      return Refusal{fmt::format("not an international domain name: {}", idn2_strerror(code)), 0};
    name = lower_case(converted);
  }
  if (auto wrong = check_labels(name)) return *wrong;
  return DomainName(std::move(name));
}

std::optional<DomainName> DomainName::parent() const {
  const auto dot = name_.find('.');
  if (dot == std::string::npos || name_.find('.', dot + 1) == std::string::npos) return std::nullopt;
  return DomainName(name_.substr(dot + 1));
}

}  // namespace dkim::canon
