#include "canon/network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace dkim::canon {
namespace {

// Returns those bits of a byte that lie within the first prefix bits of an address.
std::uint8_t mask_of(std::size_t byte, unsigned prefix) {
  const unsigned before = static_cast<unsigned>(byte) * 8;
  if (prefix >= before + 8) return 0xff;
  if (prefix <= before) return 0;
  return static_cast<std::uint8_t>(0xff << (8 - (prefix - before)));
}

IpAddress::Bytes masked(IpAddress::Bytes bytes, unsigned prefix) {
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] &= mask_of(i, prefix);
  return bytes;
}

bool share_prefix(const IpAddress::Bytes& a, const IpAddress::Bytes& b, unsigned prefix) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (((a[i] ^ b[i]) & mask_of(i, prefix)) != 0) return false;
  }
  return true;
}

struct AddressAndPrefix {
  IpAddress address;
  unsigned prefix;
};

std::optional<AddressAndPrefix> split(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  const unsigned most = address->is_v4() ? IpAddress::bits - IpAddress::mapped_bits : IpAddress::bits;
  if (slash == std::string_view::npos) return AddressAndPrefix{*address, most};
  unsigned prefix = 0;
  const std::string_view digits = text.substr(slash + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
  if (error != std::errc() || end != digits.data() + digits.size() || prefix > most) return std::nullopt;
  return AddressAndPrefix{*address, prefix};
}

}  // namespace

std::optional<Network> Network::parse(std::string_view text) {
  const auto parts = split(text);
  if (!parts) return std::nullopt;
  const Network network = around(parts->address, parts->prefix);
  if (network.first_ != parts->address.bytes()) return std::nullopt;
  return network;
}

std::optional<Network> Network::parse_masked(std::string_view text) {
  const auto parts = split(text);
  if (!parts) return std::nullopt;
  return around(parts->address, parts->prefix);
}

Network Network::around(const IpAddress& address, unsigned prefix) {
  if (address.is_v4()) prefix += IpAddress::mapped_bits;
  prefix = std::min(prefix, IpAddress::bits);
  return {masked(address.bytes(), prefix), prefix};
}

Network Network::widened(unsigned prefix) const {
  return {masked(first_, prefix), prefix};
}

Network Network::lower_half() const {
  return {first_, std::min(prefix_ + 1, IpAddress::bits)};
}

Network Network::upper_half() const {
  if (prefix_ == IpAddress::bits) return *this;
  Network half = lower_half();
  half.first_[prefix_ / 8] |= static_cast<std::uint8_t>(0x80U >> (prefix_ % 8));
  return half;
}

bool Network::contains(const IpAddress& address) const {
  return share_prefix(first_, address.bytes(), prefix_);
}

bool Network::contains(const Network& other) const {
  return prefix_ <= other.prefix_ && share_prefix(first_, other.first_, prefix_);
}

bool Network::is_v4() const {
  return prefix_ >= IpAddress::mapped_bits && IpAddress::from_v6(first_).unmapped().is_v4();
}

bool Network::is_everything() const {
  return prefix_ == 0 || (prefix_ <= IpAddress::mapped_bits && IpAddress::from_v6(first_).unmapped().is_v4());
}

bool Network::has_bit(unsigned bit) const {
  return bit < IpAddress::bits && (first_[bit / 8] >> (7 - bit % 8) & 1U) != 0;
}

std::string Network::text() const {
  const auto address = IpAddress::from_v6(first_);
  const std::string first = (is_v4() ? address.unmapped() : address).text();
  if (prefix_ == IpAddress::bits) return first;
  return fmt::format("{}/{}", first, prefix_ - (is_v4() ? IpAddress::mapped_bits : 0));
}

}  // namespace dkim::canon
