// Sends one DNS message over TCP and receives one (RFC 1035 §4.2.2), within one time limit for both.
//
// ldns limits each read alone: a server that sends a byte now and then could hold it for days.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "keytool/dns/dns_client.hpp"

namespace dkim::keytool {

// Returns the answer in wire format, without its length; empty if no whole answer came within the time.
std::vector<std::uint8_t> exchange_over_tcp(const ServerAddress& server, std::span<const std::uint8_t> query,
                                            std::chrono::milliseconds at_most);

}  // namespace dkim::keytool
