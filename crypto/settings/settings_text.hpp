// Values as libconfig's grammar writes them, where a configuration is printed for people to read and change.
//
// libconfig's own writer knows no comments and a layout of its own; the manifests, which nobody is to change,
// are written by it.
#pragma once

#include <string>
#include <string_view>

namespace dkim::crypto {

// A string in its quotes; control characters, quotes and backslashes escaped.
std::string settings_string(std::string_view text);

}  // namespace dkim::crypto
