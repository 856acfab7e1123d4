// Explains what is wrong with a text that should be a private key: which form it has, and the command that
// converts it to a key that can be read.
//
// Pure; never fails, whatever the bytes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "crypto/secret.hpp"

namespace dkim::keytool::opendkim {

// Where the text was; decides what the command reads and writes.
enum class KeyOrigin { file, standard_input, table };

// Returns a phrase to follow "is": "a key in DER, and not in PEM; convert it with: openssl pkey ...". Returns
// nothing for an unknown form. `path` is used for files only. The answer contains no byte of the text.
std::optional<std::string> foreign_form(const crypto::Secret& content, KeyOrigin origin,
                                        const std::filesystem::path& path);

}  // namespace dkim::keytool::opendkim
