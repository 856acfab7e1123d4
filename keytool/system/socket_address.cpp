#include "keytool/system/socket_address.hpp"

#include <netinet/in.h>

#include <array>
#include <cstring>

namespace dkim::keytool {

SocketAddress socket_address(const canon::IpAddress& address, std::uint16_t port) {
  SocketAddress out;
  const auto& bytes = address.bytes();
  if (address.is_v4()) {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    std::memcpy(&four.sin_addr, bytes.data() + canon::IpAddress::mapped_bits / 8, sizeof four.sin_addr);
    std::memcpy(&out.storage, &four, sizeof four);
    out.size = sizeof four;
  } else {
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    std::memcpy(&six.sin6_addr, bytes.data(), sizeof six.sin6_addr);
    std::memcpy(&out.storage, &six, sizeof six);
    out.size = sizeof six;
  }
  return out;
}

std::optional<canon::IpAddress> ip_address(const SocketAddress& address) {
  if (address.family() == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, &address.storage, sizeof four);
    std::array<std::uint8_t, sizeof four.sin_addr> bytes{};
    std::memcpy(bytes.data(), &four.sin_addr, bytes.size());
    return canon::IpAddress::from_v4(bytes);
  }
  if (address.family() == AF_INET6) {
    sockaddr_in6 six{};
    std::memcpy(&six, &address.storage, sizeof six);
    std::array<std::uint8_t, sizeof six.sin6_addr> bytes{};
    std::memcpy(bytes.data(), &six.sin6_addr, bytes.size());
    return canon::IpAddress::from_v6(bytes);
  }
  return std::nullopt;
}

}  // namespace dkim::keytool
