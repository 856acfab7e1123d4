// A header field as it goes over the wire (RFC 5322 §2.2).
//
// Values only; nothing fails.
#pragma once

#include <string>

namespace dkim::canon {

struct HeaderField {
  // The field name as written, including any white space before the colon.
  std::string name;
  // The field value: everything after the colon, including leading white space and folds (as CRLF), without
  // the final CRLF.
  std::string value;
};

}  // namespace dkim::canon
