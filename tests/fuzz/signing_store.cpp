#include "tests/fuzz/signing_store.hpp"

#include <stdlib.h>

#include <cstdlib>

#include "crypto/store/domain_transaction.hpp"

namespace dkim::test {
namespace {

std::filesystem::path make_directory() {
  std::string path = std::filesystem::temp_directory_path() / "fuzz-store-XXXXXX";
  if (mkdtemp(path.data()) == nullptr) std::abort();
  return path;
}

}  // namespace

SigningStore::SigningStore() : directory_(make_directory()), key_(crypto::PrivateKey::generate_ed25519()) {
  const crypto::KeyStore store(directory_);
  crypto::DomainTransaction transaction(store, *canon::DomainName::parse("example.com"));
  crypto::KeyEntry entry{.selector = *canon::Selector::parse("s"),
                         .algorithm = crypto::Algorithm::ed25519,
                         .bits = crypto::ed25519_bits,
                         .state = crypto::KeyState::active,
                         .created = crypto::utc_now(),
                         .activated = crypto::utc_now(),
                         .retired = {},
                         .revoked = {}};
  transaction.add_key(std::move(entry), key_);
  transaction.commit();
}

SigningStore::~SigningStore() {
  std::filesystem::remove_all(directory_);
}

const SigningStore& signing_store() {
  static const SigningStore instance;
  return instance;
}

}  // namespace dkim::test
