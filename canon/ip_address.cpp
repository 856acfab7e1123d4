#include "canon/ip_address.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace dkim::canon {
namespace {

constexpr std::size_t mapped_size = IpAddress::mapped_bits / 8;
constexpr IpAddress::Bytes mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

IpAddress::IpAddress() : bytes_(mapped_prefix) {}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string copy(text);
  // inet_pton stops at a NUL.
  if (copy.find('\0') != std::string::npos) return std::nullopt;
  IpAddress address;
  if (inet_pton(AF_INET, copy.c_str(), address.bytes_.data() + mapped_size) == 1) return address;
  address.is_v4_ = false;
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes_.data()) == 1) return address;
  return std::nullopt;
}

IpAddress IpAddress::from_v4(std::span<const std::uint8_t, 4> bytes) {
  IpAddress address;
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin() + mapped_size);
  return address;
}

IpAddress IpAddress::from_v6(std::span<const std::uint8_t, 16> bytes) {
  IpAddress address;
  std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
  address.is_v4_ = false;
  return address;
}

bool IpAddress::is_loopback() const {
  if (unmapped().is_v4_) return bytes_[mapped_size] == 127;
  constexpr Bytes loopback = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return bytes_ == loopback;
}

IpAddress IpAddress::unmapped() const {
  IpAddress address = *this;
  address.is_v4_ = std::equal(bytes_.begin(), bytes_.begin() + mapped_size, mapped_prefix.begin());
  return address;
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  if (is_v4_) {
    inet_ntop(AF_INET, bytes_.data() + mapped_size, buffer.data(), buffer.size());
  } else {
    inet_ntop(AF_INET6, bytes_.data(), buffer.data(), buffer.size());
  }
  return buffer.data();
}

std::string IpAddress::dotted() const {
  if (is_v4_) return text();
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t byte : bytes_) {
    for (const unsigned nibble : {byte / 16U, byte % 16U}) {
      if (!out.empty()) out += '.';
      out += digits[nibble];
    }
  }
  return out;
}

std::string IpAddress::reverse_name() const {
  const std::string forward = dotted();
  std::string out;
  std::size_t end = forward.size();
  while (end != std::string::npos) {
    const auto dot = forward.rfind('.', end - 1);
    const auto begin = dot == std::string::npos ? 0 : dot + 1;
    out += forward.substr(begin, end - begin) + ".";
    end = dot;
  }
  return out + (is_v4_ ? "in-addr.arpa" : "ip6.arpa");
}

std::string_view without_brackets(std::string_view text) {
  const bool has_brackets = text.size() >= 2 && text.front() == '[' && text.back() == ']';
  return has_brackets ? text.substr(1, text.size() - 2) : text;
}

}  // namespace dkim::canon
