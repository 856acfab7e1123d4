// Converts IP addresses to the kernel's form and back. Pure; nothing here fails.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>

#include "canon/ip_address.hpp"

namespace dkim::keytool {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  // For bind(2), connect(2) and getsockname(2).
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
};

SocketAddress socket_address(const canon::IpAddress& address, std::uint16_t port);

// Returns nothing if the family is neither IPv4 nor IPv6.
std::optional<canon::IpAddress> ip_address(const SocketAddress& address);

}  // namespace dkim::keytool
