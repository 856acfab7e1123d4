// A domain in a store of any kind, for tests of what a change of it promises.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "crypto/keys/record_text.hpp"
#include "crypto/store/published_record.hpp"
#include "tests/crypto/test_store.hpp"
#include "tests/keytool/store/store_world.hpp"

namespace dkim::keytool::store_test {

using crypto::KeyEntry;
using crypto::KeyState;
using crypto::Manifest;
using test::ed25519_key;
using test::entry_of;
using test::message_of;
using test::other_rsa_key;
using test::rsa_key;
using test::selector;
using Names = std::vector<std::string>;

class ChangeFixture : public testing::TestWithParam<StoreKind> {
 protected:
  crypto::StoreOfRecord& store() { return world_->store(); }
  crypto::StoreOfRecord& elsewhere() { return world_->elsewhere(); }
  std::unique_ptr<crypto::DomainChange> change() { return store().change(domain_); }
  Manifest manifest() { return store().read_manifest(domain_).value_or(Manifest{}); }
  KeyEntry entry(std::string_view name) { return *manifest().find(selector(name)); }
  Names private_keys() { return world_->private_keys(domain_); }

  void add(std::string_view name, const crypto::PrivateKey& key) {
    const auto adding = change();
    adding->add_key(entry_of(name, key, KeyState::active), key);
    adding->commit();
  }

  void revoke(std::string_view name) {
    const auto revoking = change();
    auto& keys = revoking->manifest().keys;
    const auto found =
        std::find_if(keys.begin(), keys.end(), [&](const auto& key) { return key.selector.str() == name; });
    found->state = KeyState::revoked;
    revoking->rewrite_record(*found);
    revoking->commit();
  }

  void make_slot(std::string_view name) {
    const auto opening = change();
    opening->manifest().slots.push_back({selector(name), crypto::Algorithm::ed25519});
    opening->commit();
  }

  void forget(std::string_view name) {
    const auto forgetting = change();
    for (auto& key : forgetting->manifest().keys) {
      if (key.selector.str() == name) key.forgotten = key.created;
    }
    forgetting->commit();
  }

  // What this machine's file of the record says, which is what a person publishes.
  std::string record_file(std::string_view name) {
    return test::read_file(store().files().record_path(domain_, selector(name)));
  }
  std::string record_text(std::string_view name, const crypto::KeyRecord& record) {
    return zone_text(published_record(manifest(), selector(name), domain_, record));
  }

  void expect_key(crypto::StoreOfRecord& store, std::string_view name, const crypto::PrivateKey& key) {
    EXPECT_EQ(store.load_key(domain_, entry(name)).public_key(), key.public_key()) << name;
  }

  const canon::DomainName domain_ = test::domain_name("example.com");
  const std::unique_ptr<StoreWorld> world_ = GetParam().make();
};

}  // namespace dkim::keytool::store_test
