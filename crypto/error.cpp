#include "crypto/error.hpp"

#include <fmt/format.h>

#include <system_error>

namespace dkim::crypto {

void throw_store_error(std::string_view action, const std::filesystem::path& path, int error_number) {
  throw StoreError(
      fmt::format("cannot {} {}: {}", action, path.string(), std::generic_category().message(error_number)));
}

}  // namespace dkim::crypto
