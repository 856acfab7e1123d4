#include "keytool/dns/each_address.hpp"

#include <fmt/format.h>

namespace dkim::keytool {

std::string why_it_does_not_count(const DnsResponse& response, const Zone& zone) {
  if (response.delegation && *response.delegation != zone.name)
    return fmt::format("leaves the name to the servers of {}", *response.delegation);
  if (!response.authoritative) return "does not know the zone (a lame delegation)";
  return {};
}

}  // namespace dkim::keytool
