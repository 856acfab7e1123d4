// Sends one DNS message over UDP and receives one.
//
// ldns takes its time limit as a timeval by value. On 32-bit systems the size of that depends on how ldns was
// compiled (_TIME_BITS), and nothing says how; so no time goes into ldns or comes out of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include "keytool/dns/dns_client.hpp"

namespace dkim::keytool {

// Returns the first datagram that the server sends back to this question; empty if none came within the time,
// or the server's host says that nobody listens there. Datagrams from elsewhere are not received. Whether it
// is an answer is for the caller to check.
std::vector<std::uint8_t> exchange_over_udp(const ServerAddress& server, std::span<const std::uint8_t> query,
                                            std::chrono::milliseconds at_most);

}  // namespace dkim::keytool
