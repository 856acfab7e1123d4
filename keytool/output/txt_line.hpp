// Writes a TXT record as one line of a zone file, to paste. Nothing here fails.
#pragma once

#include <fmt/format.h>

#include <string>

#include "crypto/keys/record_text.hpp"

namespace dkim::keytool {

inline std::string txt_line(const std::string& name, const std::string& value) {
  std::string strings = crypto::strings_text({name, crypto::default_ttl, value});
  if (strings.ends_with('\n')) strings.pop_back();
  return fmt::format("{}. {} IN TXT {}", name, crypto::default_ttl, strings);
}

}  // namespace dkim::keytool
