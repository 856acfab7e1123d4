#include "milter/client_address.hpp"

#include <netinet/in.h>

#include <array>
#include <cstring>

namespace dkim::milter {

ClientAddress ClientAddress::from_socket(const sockaddr* address) {
  ClientAddress out;
  if (address == nullptr) return out;
  if (address->sa_family == AF_UNIX) {
    out.is_local_ = true;
  } else if (address->sa_family == AF_INET) {
    std::array<std::uint8_t, sizeof(in_addr)> bytes{};
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
    out.ip_ = canon::IpAddress::from_v4(bytes);
  } else if (address->sa_family == AF_INET6) {
    std::array<std::uint8_t, sizeof(in6_addr)> bytes{};
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    out.ip_ = canon::IpAddress::from_v6(bytes).unmapped();
  }
  return out;
}

std::string ClientAddress::text() const {
  if (is_local_) return "local socket";
  return ip_ ? ip_->text() : "of unknown address";
}

}  // namespace dkim::milter
