// The milter protocol shows folds as LF where the wire has CRLF; these two translate.
//
// Called for each header field on its way in (to_crlf) and for the signature field on its way out (to_lf).
// Total: any octets in, an answer out. A lone CR is left alone in both directions.
#pragma once

#include <string>
#include <string_view>

namespace dkim::canon {

// Every LF that has no CR before it gets one.
std::string to_crlf(std::string_view text);
// Every CRLF becomes LF.
std::string to_lf(std::string_view text);

}  // namespace dkim::canon
