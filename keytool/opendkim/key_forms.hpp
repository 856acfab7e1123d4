// What is wrong with a text that was to be a private key, in words for a person: which form it is in, and the
// command that makes a key of it that can be read.
//
// Pure. Called where key_material could not read a key.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "crypto/secret.hpp"

namespace dkim::keytool::opendkim {

// Where the text stood: it decides what the command reads and writes.
enum class KeyOrigin { file, standard_input, table };

// "in DER, and not in PEM; convert it with: openssl pkey ...", to follow "is". Nothing for a text of no form
// that is known. path: of a file only. No octet of the text is in the answer.
std::optional<std::string> foreign_form(const crypto::Secret& content, KeyOrigin origin,
                                        const std::filesystem::path& path);

}  // namespace dkim::keytool::opendkim
