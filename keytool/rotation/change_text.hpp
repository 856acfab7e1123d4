// Says what a turn's changes do, a sentence each. Nothing fails.
#pragma once

#include <optional>
#include <string>

#include "crypto/store/manifest.hpp"
#include "keytool/rotation/change.hpp"

namespace dkim::keytool {

// Return what the change has done, and what it would do; nothing for bookkeeping that nobody waits for.
// manifest: the one that it was planned from.
std::optional<std::string> text_of(const Change& change, const crypto::Manifest& manifest);
std::optional<std::string> planned_text_of(const Change& change, const crypto::Manifest& manifest);

}  // namespace dkim::keytool
