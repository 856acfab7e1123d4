// An IPv4 or IPv6 address as a value: compared, matched against networks (RFC 7208 §5), written for the
// reverse tree. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace dkim::keytool {

class IpAddress {
 public:
  // As inet_pton(3) reads it: four decimal numbers, or IPv6 text. Nothing for anything else.
  static std::optional<IpAddress> parse(std::string_view text);

  bool is_v4() const { return size_ == 4; }
  // ::ffff:192.0.2.1 as 192.0.2.1; every other address as it is.
  IpAddress unmapped() const;
  // Of no use to others: loopback, link-local, of a private network, behind a provider's NAT (RFC 1918, 6598,
  // 4193).
  bool is_private() const;
  // Are the first bits those of the network? Never, if one is IPv4 and the other IPv6.
  bool is_in(const IpAddress& network, unsigned prefix) const;

  std::string text() const;
  // "192.0.2.1"; of IPv6 its 32 hexadecimal digits with a dot between each (RFC 7208 §7.3).
  std::string dotted() const;
  // "1.2.0.192.in-addr.arpa", without a final dot.
  std::string reverse_name() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  std::array<unsigned char, 16> octets_{};
  std::size_t size_ = 4;
};

}  // namespace dkim::keytool
