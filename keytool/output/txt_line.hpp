// A TXT record as one line of a zone file, to paste.
#pragma once

#include <string>

#include "crypto/keys/record_text.hpp"

namespace dkim::keytool {

inline std::string txt_line(const std::string& name, const std::string& value) {
  std::string strings = crypto::strings_text({name, crypto::default_ttl, value});
  if (strings.ends_with('\n')) strings.pop_back();
  return name + ". " + std::to_string(crypto::default_ttl) + " IN TXT " + strings;
}

}  // namespace dkim::keytool
