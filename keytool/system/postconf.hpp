// Asks Postfix about its settings, by postconf(1).
#pragma once

#include <string>
#include <vector>

namespace dkim::keytool {

// Whether Postfix is installed: postconf is there.
bool has_postconf();

// Returns what postconf prints with these arguments, for the main.cf in this directory, or the system's if it
// is empty. Throws crypto::Error if Postfix is missing or not set up, or postconf fails, hangs or prints too
// much.
std::string run_postconf(const std::string& directory, std::vector<std::string> arguments);

// Returns the domain that the setting myorigin, as postconf -x prints it, stands for. Debian's is the name of
// a file, /etc/mailname, that contains it. Returns any other value, and the name of a file that cannot be
// read, as it is.
std::string followed_origin(const std::string& myorigin);

}  // namespace dkim::keytool
