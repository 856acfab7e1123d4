// dkimkey show --cname: prints the CNAMEs that the owners of domains make for slots.
#pragma once

#include "crypto/store/key_store.hpp"
#include "keytool/cli/command_line.hpp"
#include "keytool/cli/exit_code.hpp"

namespace dkim::keytool {

// Reads --domain, --all, --zone, --format and --json, and prints the CNAMEs. Throws UsageError if the options
// contradict each other, and what the store throws; with --all, a domain that cannot be read is reported on
// standard error and does not stop the others.
ExitCode show_cnames(const ParsedOptions& options, const crypto::KeyStore& by_path);

}  // namespace dkim::keytool
