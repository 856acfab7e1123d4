#include "keytool/dns/ip_address.hpp"

#include <arpa/inet.h>

#include <algorithm>

namespace dkim::keytool {

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string copy(text);
  // inet_pton would stop at it.
  if (copy.find('\0') != std::string::npos) return {};
  IpAddress address;
  if (inet_pton(AF_INET, copy.c_str(), address.octets_.data()) == 1) return address;
  address.size_ = 16;
  if (inet_pton(AF_INET6, copy.c_str(), address.octets_.data()) == 1) return address;
  return {};
}

IpAddress IpAddress::unmapped() const {
  constexpr std::array<unsigned char, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (is_v4() || !std::equal(mapped.begin(), mapped.end(), octets_.begin())) return *this;
  IpAddress v4;
  std::copy(octets_.begin() + mapped.size(), octets_.end(), v4.octets_.begin());
  return v4;
}

bool IpAddress::is_private() const {
  struct Range {
    const char* first;
    unsigned bits;
  };
  constexpr std::array ranges{Range{"10.0.0.0", 8},    Range{"172.16.0.0", 12}, Range{"192.168.0.0", 16},
                              Range{"100.64.0.0", 10}, Range{"127.0.0.0", 8},   Range{"169.254.0.0", 16},
                              Range{"0.0.0.0", 8},     Range{"fc00::", 7},      Range{"fe80::", 10},
                              Range{"::", 127}};
  const auto address = unmapped();
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const Range& range) { return address.is_in(*parse(range.first), range.bits); });
}

bool IpAddress::is_in(const IpAddress& network, unsigned prefix) const {
  if (size_ != network.size_ || prefix > size_ * 8) return false;
  const std::size_t whole = prefix / 8;
  if (!std::equal(octets_.begin(), octets_.begin() + static_cast<std::ptrdiff_t>(whole),
                  network.octets_.begin())) {
    return false;
  }
  if (prefix % 8 == 0) return true;
  const unsigned shift = 8 - prefix % 8;
  return octets_[whole] >> shift == network.octets_[whole] >> shift;
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  inet_ntop(is_v4() ? AF_INET : AF_INET6, octets_.data(), buffer.data(), buffer.size());
  return buffer.data();
}

std::string IpAddress::dotted() const {
  if (is_v4()) return text();
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const unsigned char octet : octets_) {
    for (const unsigned nibble : {octet / 16U, octet % 16U}) {
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
    const auto dot = end == 0 ? std::string::npos : forward.rfind('.', end - 1);
    const auto begin = dot == std::string::npos ? 0 : dot + 1;
    out += forward.substr(begin, end - begin) + ".";
    end = dot;
  }
  return out + (is_v4() ? "in-addr.arpa" : "ip6.arpa");
}

}  // namespace dkim::keytool
