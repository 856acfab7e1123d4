// What mail systems do to bodies, undone: pure functions from a body as it came to what it may have been.
//
// Called by keytool/body_damage. All take and give CRLF line ends; each is linear in the body's length.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace dkim::keytool {

struct BodyRepair {
  // What has been undone, to follow "the body hash matches once".
  std::string_view words;
  std::string (*apply)(std::string_view body);
};

std::span<const BodyRepair> body_repairs();

}  // namespace dkim::keytool
