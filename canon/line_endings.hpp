// Translates the line ends of folds: the milter protocol has LF where the wire has CRLF.
//
// Never fails. A lone CR is left alone in both directions.
#pragma once

#include <string>
#include <string_view>

namespace dkim::canon {

// Puts a CR before each LF that has none.
std::string to_crlf(std::string_view text);
// Replaces each CRLF by LF.
std::string to_lf(std::string_view text);

}  // namespace dkim::canon
