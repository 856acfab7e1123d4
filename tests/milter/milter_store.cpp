#include "tests/milter/milter_store.hpp"

#include <algorithm>
#include <ctime>
#include <stdexcept>

#include "crypto/store/domain_transaction.hpp"
#include "tests/support/patience.hpp"

namespace dkim::test {
namespace {

canon::DomainName domain_of(std::string_view text) {
  return *canon::DomainName::parse(text);
}

}  // namespace

void MilterStore::add_key(std::string_view domain, std::string_view selector, crypto::Algorithm algorithm,
                          crypto::KeyState state) {
  const crypto::KeyStore store(path());
  const auto key = crypto::PrivateKey::generate(algorithm, crypto::min_rsa_bits);
  crypto::DomainTransaction transaction(store, domain_of(domain));
  transaction.add_key({.selector = *canon::Selector::parse(selector),
                       .algorithm = algorithm,
                       .bits = key.bits(),
                       .state = state,
                       .created = crypto::utc_now(),
                       .activated = {},
                       .retired = {},
                       .revoked = {}},
                      key);
  transaction.commit();
  public_keys_[{std::string(domain), std::string(selector)}] = key.public_key();
}

void MilterStore::set_subdomains(std::string_view domain, bool subdomains) {
  const crypto::KeyStore store(path());
  crypto::DomainTransaction transaction(store, domain_of(domain));
  transaction.manifest().subdomains = subdomains;
  transaction.commit();
}

void MilterStore::activate_only(std::string_view domain, const std::vector<std::string>& selectors) {
  const crypto::KeyStore store(path());
  crypto::DomainTransaction transaction(store, domain_of(domain));
  for (auto& key : transaction.manifest().keys) {
    const bool active = std::find(selectors.begin(), selectors.end(), key.selector.str()) != selectors.end();
    key.state = active ? crypto::KeyState::active : crypto::KeyState::retiring;
  }
  transaction.commit();
}

void MilterStore::revoke(std::string_view domain, std::string_view old_selector,
                         std::string_view new_selector) {
  const crypto::KeyStore store(path());
  const auto key = crypto::PrivateKey::generate_ed25519();
  crypto::DomainTransaction transaction(store, domain_of(domain));
  for (auto& entry : transaction.manifest().keys) {
    if (entry.selector.str() == old_selector) entry.state = crypto::KeyState::revoked;
  }
  transaction.add_key({.selector = *canon::Selector::parse(new_selector),
                       .algorithm = key.algorithm(),
                       .bits = key.bits(),
                       .state = crypto::KeyState::active,
                       .created = crypto::utc_now()},
                      key);
  transaction.commit();
}

void MilterStore::let_settle(std::string_view domain) const {
  const crypto::KeyStore store(path());
  const bool settled = eventually([&] {
    timespec now{};
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return store.stamp(domain_of(domain))->is_settled_at(now);
  });
  if (!settled) throw std::runtime_error("the manifest stays too young");
}

std::filesystem::path MilterStore::key_file(std::string_view domain, std::string_view selector) const {
  return crypto::KeyStore(path()).key_path(domain_of(domain),
                                           {.selector = *canon::Selector::parse(selector)});
}

std::filesystem::path MilterStore::manifest(std::string_view domain) const {
  return crypto::KeyStore(path()).manifest_path(domain_of(domain));
}

}  // namespace dkim::test
