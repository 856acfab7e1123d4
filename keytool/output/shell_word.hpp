// Quotes words for the commands that dkimkey prints and a person pastes into a shell. Nothing here fails.
#pragma once

#include "crypto/shell_word.hpp"

namespace dkim::keytool {

using crypto::shell_quoted;
using crypto::shell_word;

}  // namespace dkim::keytool
