// The options of every subcommand that looks at DNS.
#pragma once

#include "keytool/cli/command_line.hpp"
#include "keytool/dns/dns_access.hpp"

namespace dkim::keytool {

// --resolver and --no-authoritative.
void add_dns_options(CommandLine& command_line);

// Throws UsageError.
DnsAccess read_dns_options(const ParsedOptions& options);

}  // namespace dkim::keytool
