// Words of the shell's, for the commands that dkimkey prints to be pasted.
#pragma once

#include "crypto/shell_word.hpp"

namespace dkim::keytool {

using crypto::shell_quoted;
using crypto::shell_word;

}  // namespace dkim::keytool
