// Finds out what happened to a message after it was signed. Restores the message in each of the usual ways,
// and reports only what makes the hash match again: nothing is guessed.
//
// Any byte may be hostile; the work is bounded (keytool/messages/damage/body_damage and header_damage say by
// what). Nothing here fails.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "canon/header_field.hpp"
#include "crypto/signatures/verifier.hpp"

namespace dkim::keytool {

// Returns the hints, in words. Returns none unless the verdict is that a hash does not match.
std::vector<std::string> damage_hints(const crypto::Verdict& verdict,
                                      const std::vector<canon::HeaderField>& message, std::string_view body);

}  // namespace dkim::keytool
