// Reads a TSIG key (RFC 8945) from a file, in any form that keytool/dns/tsig_forms.hpp lists.
//
// Refuses a file that others can read, and one that others can replace: they must not be able to write the
// file or a directory on the way to it (crypto/trusted_path).
#pragma once

#include <filesystem>

#include "keytool/dns/tsig_forms.hpp"

namespace dkim::keytool {

// Throws crypto::KeyFileError, with the path, if the file is missing, open to others or not a key.
TsigKey read_tsig_key(const std::filesystem::path& path);

}  // namespace dkim::keytool
