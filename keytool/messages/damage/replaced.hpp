// Replaces text within text. Nothing here fails.
#pragma once

#include <string>
#include <string_view>

namespace dkim::keytool {

// Returns the text with each `what` in it replaced by `by`. `what` must not be empty.
std::string replaced(std::string_view text, std::string_view what, std::string_view by);

}  // namespace dkim::keytool
