// Makes client addresses from their usual text form.
#pragma once

#include <arpa/inet.h>
#include <sys/un.h>

#include <cstring>
#include <stdexcept>
#include <string>

#include "milter/client_address.hpp"

namespace dkim::test {

// Returns the address as libmilter hands it over, in a union that is large enough for any family. Throws
// std::runtime_error if the text is not an IP address.
inline milter::ClientAddress client_at(const std::string& text) {
  sockaddr_storage storage{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    storage.ss_family = AF_INET;
  } else if (inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    storage.ss_family = AF_INET6;
  } else {
    throw std::runtime_error("no address: " + text);
  }
  return milter::ClientAddress::from_socket(reinterpret_cast<const sockaddr*>(&storage));
}

// Returns an address of that family that is otherwise all zeros.
inline milter::ClientAddress client_of_family(sa_family_t family) {
  sockaddr_storage storage{};
  storage.ss_family = family;
  return milter::ClientAddress::from_socket(reinterpret_cast<const sockaddr*>(&storage));
}

}  // namespace dkim::test
