#include "keytool/system/trusted_program.hpp"

#include <fmt/format.h>

#include <optional>

#include "crypto/error.hpp"
#include "crypto/trusted_path.hpp"

namespace dkim::keytool {

void require_trusted_program(const std::filesystem::path& program) {
  std::optional<crypto::Distrust> distrust;
  try {
    distrust = crypto::find_distrust(program, crypto::TrustedAs::file);
  } catch (const crypto::StoreError&) {
    return;
  }
  if (distrust) throw crypto::Error(fmt::format("the program is not run: {}", to_string(*distrust)));
}

}  // namespace dkim::keytool
