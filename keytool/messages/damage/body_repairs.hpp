// Undoes what mail systems do to bodies: pure functions from a body as it arrived to what it may have been.
//
// All expect and return CRLF line ends, accept any bytes, and take time linear in the length of the body.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace dkim::keytool {

struct BodyRepair {
  // What was undone, to follow "the hash matches once".
  std::string_view words;
  std::string (*apply)(std::string_view body);
};

std::span<const BodyRepair> body_repairs();

}  // namespace dkim::keytool
