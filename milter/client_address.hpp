// Where a message comes from, and the networks that are trusted.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dkim::milter {

// The client of a connection as the MTA names it.
class ClientAddress {
 public:
  // Nothing known, or of a family that we do not know: never trusted.
  ClientAddress() = default;
  // From a socket address; null for unknown.
  static ClientAddress from_socket(const sockaddr* address);

  bool is_local() const { return kind_ == Kind::local; }
  bool is_ip() const { return kind_ == Kind::ip; }
  // IPv4 as an IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2), so that ::ffff:127.0.0.1 is 127.0.0.1.
  const std::array<std::uint8_t, 16>& octets() const { return octets_; }
  // For the log: "203.0.113.9", "2001:db8::1", "local socket", "of unknown address".
  std::string text() const;

 private:
  enum class Kind { unknown, local, ip };
  Kind kind_ = Kind::unknown;
  std::array<std::uint8_t, 16> octets_{};
};

// A range of addresses in CIDR form.
class Network {
 public:
  // "127.0.0.0/8", "::1", "2001:db8::/32"; nothing if it is no such thing, or if bits beyond the prefix are
  // set (10.0.0.1/8 is a slip of the pen more often than not).
  static std::optional<Network> parse(std::string_view text);

  bool contains(const ClientAddress& address) const;
  // All addresses of IPv4 or of IPv6?
  bool is_everything() const;
  // As it was written.
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::array<std::uint8_t, 16> octets_{};
  unsigned prefix_ = 128;
};

}  // namespace dkim::milter
