#include "keytool/cli/dns_options.hpp"

#include <fmt/format.h>

#include "keytool/cli/errors.hpp"

namespace dkim::keytool {

void add_dns_options(CommandLine& command_line) {
  command_line.add_options()  //
      ("resolver", value_text("ADDRESS[@PORT]"),
       "ask this resolver instead of the system's for zones and servers")  //
      ("no-authoritative",
       "trust the resolver instead of asking the zone's own servers; for networks that block outgoing "
       "port 53");
}

DnsAccess read_dns_options(const ParsedOptions& options) {
  DnsAccess access;
  access.authoritative = !options.has("no-authoritative");
  if (const auto text = options.text("resolver")) {
    auto server = ServerAddress::parse(*text);
    if (!server)
      throw UsageError(fmt::format("--resolver is {}; such as 9.9.9.9 or ::1@5353", server.refusal().reason));
    access.resolver = *std::move(server);
  }
  return access;
}

}  // namespace dkim::keytool
