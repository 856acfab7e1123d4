#include "keytool/doctor/host/own_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "canon/special_networks.hpp"
#include "crypto/file.hpp"
#include "keytool/doctor/postfix/setting_words.hpp"

namespace dkim::keytool {
namespace {

bool is_of(int family, const std::string& text) {
  const auto address = canon::IpAddress::parse(text);
  return address && address->is_v4() == (family == AF_INET);
}

// Returns the source address that a datagram to there would have; sends none.
std::optional<std::string> source_towards(int family, const char* destination) {
  const crypto::FileDescriptor fd(socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return std::nullopt;
  sockaddr_storage address{};
  socklen_t size = 0;
  if (family == AF_INET) {
    auto* to = reinterpret_cast<sockaddr_in*>(&address);
    inet_pton(family, destination, &to->sin_addr);
    to->sin_port = htons(25);
    size = sizeof *to;
  } else {
    auto* to = reinterpret_cast<sockaddr_in6*>(&address);
    inet_pton(family, destination, &to->sin6_addr);
    to->sin6_port = htons(25);
    size = sizeof *to;
  }
  address.ss_family = static_cast<sa_family_t>(family);
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) return std::nullopt;
  size = sizeof address;
  if (getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* octets = family == AF_INET
                           ? static_cast<const void*>(&reinterpret_cast<sockaddr_in*>(&address)->sin_addr)
                           : static_cast<const void*>(&reinterpret_cast<sockaddr_in6*>(&address)->sin6_addr);
  if (inet_ntop(family, octets, text.data(), text.size()) == nullptr) return std::nullopt;
  return text.data();
}

std::string without_brackets(std::string text) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') return text.substr(1, text.size() - 2);
  return text;
}

// If inet_interfaces has one address of a family, Postfix sends from it (postconf(5), smtp_bind_address).
std::string only_interface(const PostfixSettings& settings, int family) {
  const auto interfaces = settings.of("inet_interfaces");
  std::string_view rest = interfaces;
  std::string only;
  while (const auto word = next_word(rest)) {
    const auto address = without_brackets(std::string(*word));
    if (!is_of(family, address)) continue;
    if (!only.empty()) return {};
    only = address;
  }
  return only == "127.0.0.1" || only == "::1" ? std::string() : only;
}

// Returns the address of each SMTP client: its own, or main.cf's.
std::set<std::string> bound_addresses(const PostfixSettings& settings, int family, const char* setting) {
  std::set<std::string> addresses;
  for (const auto* client : settings.running("smtp")) {
    auto address = without_brackets(settings.of(*client, setting));
    if (!canon::IpAddress::parse(address)) address = only_interface(settings, family);
    if (!address.empty()) addresses.insert(std::move(address));
  }
  return addresses;
}

}  // namespace

bool is_public_address(const std::string& text) {
  const auto address = canon::IpAddress::parse(text);
  return address && !special_use(*address);
}

std::vector<std::string> sending_addresses(const PostfixSettings* settings) {
  struct Family {
    int number;
    const char* protocol;
    const char* bind_setting;
    const char* far_away;  // a root name server's address
  };
  std::vector<std::string> addresses;
  for (const auto& family : {Family{AF_INET, "ipv4", "smtp_bind_address", "198.41.0.4"},
                             Family{AF_INET6, "ipv6", "smtp_bind_address6", "2001:503:ba3e::2:30"}}) {
    if (settings != nullptr) {
      const auto protocols = settings->of("inet_protocols");
      if (!protocols.empty() && !has_word(protocols, "all") && !has_word(protocols, family.protocol))
        continue;
      const auto bound = bound_addresses(*settings, family.number, family.bind_setting);
      addresses.insert(addresses.end(), bound.begin(), bound.end());
      if (!bound.empty()) continue;
    }
    if (auto source = source_towards(family.number, family.far_away)) addresses.push_back(*std::move(source));
  }
  return addresses;
}

std::optional<Finding> hidden_addresses(const std::vector<std::string>& sending) {
  std::string hidden;
  std::string shown;
  for (const auto& address : sending) {
    auto& list = is_public_address(address) ? shown : hidden;
    list += (list.empty() ? "" : ", ") + address;
  }
  if (!shown.empty() && hidden.empty()) return std::nullopt;
  if (shown.empty()) {
    return Finding{Severity::unknown,
                   "address",
                   hidden,
                   "the address that others see this host's mail come from is not known here",
                   "name it: dkimkey doctor --address ADDRESS",
                   {}};
  }
  return Finding{Severity::unknown,
                 "address",
                 hidden,
                 "is behind NAT: others see that mail come from another address, which is not known here; "
                 "the findings on SPF and PTR are about " +
                     shown + " alone",
                 "name each address that others see with its own --address ADDRESS",
                 {}};
}

}  // namespace dkim::keytool
