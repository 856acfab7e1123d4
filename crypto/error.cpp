#include "crypto/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "crypto/system_error.hpp"

namespace dkim::crypto {

bool SystemError::concerns_all_files() const {
  constexpr std::array codes{ENOSPC, EDQUOT, EROFS, EIO, EMFILE, ENFILE, ENOMEM};
  return std::find(codes.begin(), codes.end(), code_) != codes.end();
}

void throw_store_error(std::string_view action, const std::filesystem::path& path, int error_number) {
  throw SystemError(
      fmt::format("cannot {} {}: {}", action, path.string(), std::generic_category().message(error_number)),
      error_number);
}

}  // namespace dkim::crypto
