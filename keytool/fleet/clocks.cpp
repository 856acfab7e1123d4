#include "keytool/fleet/clocks.hpp"

#include <fmt/format.h>

#include <chrono>

namespace dkim::keytool::fleet {
namespace {

constexpr std::chrono::minutes longest_skew(5);

}  // namespace

bool do_clocks_differ(crypto::UtcTime before, crypto::UtcTime there, crypto::UtcTime after) {
  return there + longest_skew < before || there > after + longest_skew;
}

std::string clocks_text(crypto::UtcTime here, crypto::UtcTime there) {
  return fmt::format("the clocks differ: it is {} here, and {} in the database", crypto::to_string(here),
                     crypto::to_string(there));
}

}  // namespace dkim::keytool::fleet
