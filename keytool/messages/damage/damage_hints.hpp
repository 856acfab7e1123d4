// What may have happened to a message between its signing and here, found by trying: the message is put back
// as it may have been, and only what makes the hash match again is told. Nothing is guessed.
//
// Asked by dkimkey verify for each signature that fails on its hashes. Every octet is hostile; the work is
// bounded (keytool/body_damage, keytool/header_damage say by what).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "canon/header_field.hpp"
#include "crypto/signatures/verifier.hpp"

namespace dkim::keytool {

// In words; empty for a signature that does not fail on its hashes.
std::vector<std::string> damage_hints(const crypto::Verdict& verdict,
                                      const std::vector<canon::HeaderField>& message, std::string_view body);

}  // namespace dkim::keytool
