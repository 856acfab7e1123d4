// Refuses to run, as root, a program that somebody else can change.
#pragma once

#include <filesystem>

namespace dkim::keytool {

// Throws crypto::Error if the program, or a directory on the way to it, does not belong to root or to the
// user who runs this, or if others can write it. A program that is not there is left to who starts it.
void require_trusted_program(const std::filesystem::path& program);

}  // namespace dkim::keytool
