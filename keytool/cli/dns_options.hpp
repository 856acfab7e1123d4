// Adds and reads the options of every subcommand that asks DNS.
#pragma once

#include "keytool/cli/command_line.hpp"
#include "keytool/dns/dns_access.hpp"

namespace dkim::keytool {

// Adds --resolver and --no-authoritative.
void add_dns_options(CommandLine& command_line);

// Throws UsageError if the resolver is not an address.
DnsAccess read_dns_options(const ParsedOptions& options);

}  // namespace dkim::keytool
