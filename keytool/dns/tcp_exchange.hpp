// One DNS message there and one back over TCP (RFC 1035 §4.2.2), within a time for the whole of it.
//
// ldns gives each read a time of its own: a server that sends an octet now and then would hold it for days.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "keytool/dns/dns_client.hpp"

namespace dkim::keytool {

// The answer as on the wire, without its length; empty if none came whole within the time.
std::vector<std::uint8_t> exchange_over_tcp(const ServerAddress& server, std::span<const std::uint8_t> query,
                                            std::chrono::milliseconds at_most);

}  // namespace dkim::keytool
