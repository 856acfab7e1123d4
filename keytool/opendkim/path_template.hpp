// Fills domains and selectors into the paths of another signer's configuration.
#pragma once

#include <string>
#include <string_view>

namespace dkim::keytool::opendkim {

// Returns the text with the value in place of each use of the variable. A configuration can make it grow
// without measure: a text that is longer than any path on Linux stops there, and no such file can be opened.
std::string filled_in(std::string_view text, std::string_view variable, std::string_view value);

}  // namespace dkim::keytool::opendkim
