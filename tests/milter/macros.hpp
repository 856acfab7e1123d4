// The macros of an MTA, by name.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "milter/sign_policy.hpp"

namespace dkim::test {

using Macros = std::map<std::string, std::string, std::less<>>;

// Returns the look-up of these macros, which must outlive it.
inline milter::MacroLookup lookup_in(const Macros& macros) {
  return [&macros](const char* name) -> std::optional<std::string_view> {
    const auto found = macros.find(name);
    if (found == macros.end()) return std::nullopt;
    return found->second;
  };
}

}  // namespace dkim::test
