#include "milter/client_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace dkim::milter {
namespace {

using Octets = std::array<std::uint8_t, 16>;

constexpr Octets mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned mapped_bits = 96;

Octets mapped(const in_addr& address) {
  Octets octets = mapped_prefix;
  std::memcpy(octets.data() + mapped_bits / 8, &address, sizeof address);
  return octets;
}

bool is_mapped(const Octets& octets) {
  return std::equal(octets.begin(), octets.begin() + mapped_bits / 8, mapped_prefix.begin());
}

// The octet's bits that lie within the first prefix bits of an address.
std::uint8_t mask_of(std::size_t octet, unsigned prefix) {
  const unsigned before = static_cast<unsigned>(octet) * 8;
  if (prefix >= before + 8) return 0xff;
  if (prefix <= before) return 0;
  return static_cast<std::uint8_t>(0xff << (8 - (prefix - before)));
}

}  // namespace

ClientAddress ClientAddress::from_socket(const sockaddr* address) {
  ClientAddress out;
  if (address == nullptr) return out;
  if (address->sa_family == AF_UNIX) {
    out.kind_ = Kind::local;
  } else if (address->sa_family == AF_INET) {
    out.kind_ = Kind::ip;
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    out.octets_ = mapped(v4.sin_addr);
  } else if (address->sa_family == AF_INET6) {
    out.kind_ = Kind::ip;
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    std::memcpy(out.octets_.data(), &v6.sin6_addr, out.octets_.size());
  }
  return out;
}

std::string ClientAddress::text() const {
  if (kind_ == Kind::local) return "local socket";
  if (kind_ == Kind::unknown) return "of unknown address";
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_mapped(octets_)) {
    inet_ntop(AF_INET, octets_.data() + mapped_bits / 8, text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, octets_.data(), text.data(), text.size());
  }
  return text.data();
}

std::optional<Network> Network::parse(std::string_view text) {
  Network network;
  network.text_ = text;
  const auto slash = text.find('/');
  const std::string address(text.substr(0, slash));
  unsigned family_bits = 128;
  in_addr v4{};
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) {
    network.octets_ = mapped(v4);
    family_bits = 32;
  } else if (inet_pton(AF_INET6, address.c_str(), network.octets_.data()) != 1) {
    return std::nullopt;
  }
  unsigned prefix = family_bits;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (error != std::errc() || end != digits.data() + digits.size() || prefix > family_bits)
      return std::nullopt;
  }
  network.prefix_ = prefix + (128 - family_bits);
  for (std::size_t i = 0; i < network.octets_.size(); ++i) {
    if ((network.octets_[i] & static_cast<std::uint8_t>(~mask_of(i, network.prefix_))) != 0)
      return std::nullopt;
  }
  return network;
}

bool Network::is_everything() const {
  return prefix_ == 0 || (prefix_ <= mapped_bits && is_mapped(octets_));
}

bool Network::contains(const ClientAddress& address) const {
  if (!address.is_ip()) return false;
  for (std::size_t i = 0; i < octets_.size(); ++i) {
    if (((octets_[i] ^ address.octets()[i]) & mask_of(i, prefix_)) != 0) return false;
  }
  return true;
}

}  // namespace dkim::milter
