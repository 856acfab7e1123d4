// A header field as it goes over the wire: what everything about headers in this project works on.
//
// Made by the milter session (from what the MTA hands over) and by dkimkey (from a message in a file).
#pragma once

#include <string>

namespace dkim::canon {

struct HeaderField {
  // The field name as written, with any white space between it and the colon.
  std::string name;
  // All that follows the colon, leading white space and CRLF folds included, the final CRLF not.
  std::string value;
};

}  // namespace dkim::canon
