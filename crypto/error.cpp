#include "crypto/error.hpp"

#include <system_error>

namespace dkim::crypto {

void throw_store_error(std::string_view action, const std::filesystem::path& path, int error_number) {
  throw StoreError("cannot " + std::string(action) + " " + path.string() + ": " +
                   std::generic_category().message(error_number));
}

}  // namespace dkim::crypto
