#include "keytool/doctor/host/own_address.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/socket.h>

#include <optional>
#include <set>

#include "canon/special_networks.hpp"
#include "crypto/file.hpp"
#include "keytool/doctor/postfix/setting_words.hpp"
#include "keytool/system/socket_address.hpp"

namespace dkim::keytool {
namespace {

using canon::IpAddress;

enum class Family { v4, v6 };

Family family_of(const IpAddress& address) {
  return address.is_v4() ? Family::v4 : Family::v6;
}

// Returns the source address that a datagram to there would have; sends none.
std::optional<IpAddress> source_towards(const IpAddress& destination) {
  constexpr std::uint16_t smtp = 25;
  const auto to = socket_address(destination, smtp);
  const crypto::FileDescriptor fd(socket(to.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd || connect(fd.get(), to.get(), to.size) != 0) return std::nullopt;
  SocketAddress own;
  if (getsockname(fd.get(), own.get(), &own.size) != 0) return std::nullopt;
  return ip_address(own);
}

// If inet_interfaces has one address of a family, Postfix sends from it, unless it is a loopback address
// (postconf(5), smtp_bind_address).
std::optional<IpAddress> only_interface(const PostfixSettings& settings, Family family) {
  const auto interfaces = settings.of("inet_interfaces");
  std::string_view rest = interfaces;
  std::optional<IpAddress> only;
  while (const auto word = next_word(rest)) {
    const auto address = IpAddress::parse(canon::without_brackets(*word));
    if (!address || family_of(*address) != family) continue;
    if (only) return std::nullopt;
    only = address;
  }
  return only && only->is_loopback() ? std::nullopt : only;
}

// Returns the address of each SMTP client: its own, or main.cf's.
std::set<IpAddress> bound_addresses(const PostfixSettings& settings, Family family, const char* setting) {
  std::set<IpAddress> addresses;
  for (const auto* client : settings.running("smtp")) {
    auto address = IpAddress::parse(canon::without_brackets(settings.of(*client, setting)));
    if (!address) address = only_interface(settings, family);
    if (address) addresses.insert(*address);
  }
  return addresses;
}

}  // namespace

bool is_public_address(const IpAddress& address) {
  return !special_use(address);
}

std::vector<IpAddress> sending_addresses(const PostfixSettings* settings) {
  struct Protocol {
    const char* name;
    const char* bind_setting;
    IpAddress far_away;  // a root name server's
  };
  std::vector<IpAddress> addresses;
  for (const auto& protocol :
       {Protocol{"ipv4", "smtp_bind_address", *IpAddress::parse("198.41.0.4")},
        Protocol{"ipv6", "smtp_bind_address6", *IpAddress::parse("2001:503:ba3e::2:30")}}) {
    if (settings != nullptr) {
      const auto protocols = settings->of("inet_protocols");
      if (!protocols.empty() && !has_word(protocols, "all") && !has_word(protocols, protocol.name)) continue;
      const auto bound = bound_addresses(*settings, family_of(protocol.far_away), protocol.bind_setting);
      addresses.insert(addresses.end(), bound.begin(), bound.end());
      if (!bound.empty()) continue;
    }
    if (const auto source = source_towards(protocol.far_away)) addresses.push_back(*source);
  }
  return addresses;
}

std::optional<Finding> hidden_addresses(const std::vector<IpAddress>& sending) {
  std::vector<std::string> hidden;
  std::vector<std::string> shown;
  for (const auto& address : sending)
    (is_public_address(address) ? shown : hidden).push_back(address.text());
  if (!shown.empty() && hidden.empty()) return std::nullopt;
  const std::string subject = fmt::format("{}", fmt::join(hidden, ", "));
  if (shown.empty()) {
    return Finding{Severity::unknown,
                   "address",
                   subject,
                   "the address that others see this host's mail come from is not known here",
                   "name it: dkimkey doctor --address ADDRESS",
                   {}};
  }
  return Finding{
      Severity::unknown,
      "address",
      subject,
      fmt::format("is behind NAT: others see that mail come from another address, which is not known "
                  "here; the findings on SPF and PTR are about {} alone",
                  fmt::join(shown, ", ")),
      "name each address that others see with its own --address ADDRESS",
      {}};
}

}  // namespace dkim::keytool
