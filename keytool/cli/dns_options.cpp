#include "keytool/cli/dns_options.hpp"

#include "keytool/cli/errors.hpp"

namespace dkim::keytool {

void add_dns_options(CommandLine& command_line) {
  command_line.add_options()  //
      ("resolver", value_text("ADDRESS[@PORT]"),
       "ask this resolver instead of the system's for zones and servers")  //
      ("no-authoritative",
       "believe the resolver instead of asking the zone's own servers, where port 53 is "
       "blocked outward");
}

DnsAccess read_dns_options(const ParsedOptions& options) {
  DnsAccess access;
  access.authoritative = !options.has("no-authoritative");
  if (const auto text = options.text("resolver")) {
    auto server = ServerAddress::parse(*text);
    if (!server)
      throw UsageError("--resolver is " + server.refusal().reason + "; such as 9.9.9.9 or ::1@5353");
    access.resolver = *std::move(server);
  }
  return access;
}

}  // namespace dkim::keytool
