// The client of a connection, as the MTA names it.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>

#include "canon/ip_address.hpp"

namespace dkim::milter {

class ClientAddress {
 public:
  // Nothing is known of the client: never trusted.
  ClientAddress() = default;
  // Reads a socket address. A null pointer or an unknown family gives an unknown client.
  static ClientAddress from_socket(const sockaddr* address);

  // Did the client come over a Unix socket?
  bool is_local() const { return is_local_; }
  // Returns nothing for a local or an unknown client. An IPv4-mapped address is returned as IPv4.
  const std::optional<canon::IpAddress>& ip() const { return ip_; }
  // For the log: "203.0.113.9", "2001:db8::1", "local socket", "of unknown address".
  std::string text() const;

 private:
  bool is_local_ = false;
  std::optional<canon::IpAddress> ip_;
};

}  // namespace dkim::milter
