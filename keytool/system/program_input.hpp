// What a program that keytool/system/program runs finds on its standard input.
#pragma once

#include <string_view>

#include "crypto/file.hpp"

namespace dkim::keytool {

// Returns an open file in memory with this text, to be read from its beginning. A program that reads nothing
// of it, or late, blocks nobody, as it would with a pipe. Throws crypto::StoreError.
crypto::FileDescriptor readable_file(std::string_view text);

}  // namespace dkim::keytool
