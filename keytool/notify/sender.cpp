#include "keytool/notify/sender.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <array>

#include "crypto/error.hpp"
#include "crypto/settings/notify_address.hpp"
#include "crypto/signatures/identity.hpp"

namespace dkim::keytool {
namespace {

std::string user_name() {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    if (const auto name = crypto::NotifyAddress::parse(found->pw_name)) return name->str();
  }
  return "root";
}

// Whether the daemon would find out who signs, or that nobody does.
bool can_be_handled(const crypto::SigningSettings& settings, const std::string& address) {
  const crypto::KeyStore store(settings.key_directory);
  crypto::UncachedKeySource keys(store);
  try {
    identify({{"From", fmt::format(" {}", address)}}, settings, keys);
    return true;
  } catch (const crypto::Error&) {
    return false;
  }
}

}  // namespace

std::string sender_mailbox(const crypto::SigningSettings& settings, const OwnDomainSources& own) {
  const auto user = user_name();
  const auto domain = own_domain(own);
  const bool is_deferred = domain && !can_be_handled(settings, fmt::format("{}@{}", user, domain->str()));
  return fmt::format("dkimkey <{}{}>", user, is_deferred ? "@localhost" : "");
}

}  // namespace dkim::keytool
