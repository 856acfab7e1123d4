// Tests what a change of a domain promises (crypto/store/domain_change.hpp), on every kind of store.
#include <gtest/gtest.h>

#include "crypto/error.hpp"
#include "crypto/keys/record_text.hpp"
#include "crypto/store/published_record.hpp"
#include "tests/crypto/test_store.hpp"
#include "tests/keytool/store/store_world.hpp"

namespace dkim::keytool::store_test {
namespace {

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

class ChangePromise : public testing::TestWithParam<StoreKind> {
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

TEST_P(ChangePromise, a_new_domain_has_an_empty_manifest) {
  {
    const auto begun = change();
    EXPECT_EQ(begun->manifest(), Manifest{});
  }
  EXPECT_FALSE(store().read_manifest(domain_));
  EXPECT_FALSE(store().has(domain_));
  EXPECT_TRUE(store().domains().empty());
}

TEST_P(ChangePromise, nothing_is_visible_before_commit_and_everything_after) {
  const auto adding = change();
  adding->manifest().subdomains = false;
  adding->add_key(entry_of("one", rsa_key(), KeyState::active), rsa_key());
  adding->add_key(entry_of("two", ed25519_key(), KeyState::pending), ed25519_key());
  // The same thread may read meanwhile, as may anybody else.
  for (auto* reader : {&store(), &elsewhere()}) {
    EXPECT_FALSE(reader->read_manifest(domain_));
    EXPECT_FALSE(reader->has(domain_));
    EXPECT_TRUE(reader->domains().empty());
  }
  EXPECT_EQ(private_keys(), Names{});
  EXPECT_EQ(key_files(store().files(), domain_), Names{});

  const Manifest made = adding->manifest();
  adding->commit();
  for (auto* reader : {&store(), &elsewhere()}) {
    EXPECT_EQ(reader->read_manifest(domain_), made);
    EXPECT_TRUE(reader->has(domain_));
    EXPECT_EQ(reader->domains(), std::vector{domain_});
    expect_key(*reader, "one", rsa_key());
    expect_key(*reader, "two", ed25519_key());
  }
  EXPECT_EQ(private_keys(), (Names{"one/1", "two/1"}));
  EXPECT_EQ(key_files(store().files(), domain_), (Names{"one/1", "two/1"}));
  EXPECT_EQ(store().files().read_manifest(domain_)->manifest, made);
}

TEST_P(ChangePromise, what_was_not_committed_is_dropped) {
  add("one", rsa_key());
  const auto before = manifest();
  {
    const auto dropped = change();
    dropped->manifest().record.strict = true;
    dropped->manifest().keys.front().state = KeyState::revoked;
    dropped->rewrite_record(dropped->manifest().keys.front());
    dropped->add_key(entry_of("two", ed25519_key(), KeyState::active), ed25519_key());
  }
  EXPECT_EQ(manifest(), before);
  EXPECT_EQ(change()->manifest(), before);
  EXPECT_EQ(private_keys(), Names{"one/1"});
  expect_key(store(), "one", rsa_key());
  EXPECT_EQ(record_file("one"), record_text("one", make_record(rsa_key(), {})));
  add("two", other_rsa_key());  // its selector was never used
  expect_key(store(), "two", other_rsa_key());
}

TEST_P(ChangePromise, a_selector_is_never_used_twice) {
  add("one", rsa_key());
  revoke("one");
  forget("one");
  const auto before = manifest();
  const auto adding = change();
  const auto add_again = [&](std::string_view name) {
    adding->add_key(entry_of(name, other_rsa_key(), KeyState::active), other_rsa_key());
  };
  EXPECT_EQ(
      message_of<crypto::StoreError>([&] { add_again("one"); }),
      "the selector one was used in example.com before; a selector is never used twice, since DNS and mail "
      "on its way still know the old key");
  add_again("two");
  EXPECT_THROW(add_again("two"), crypto::StoreError);
  EXPECT_EQ(manifest(), before);
  adding->commit();
  EXPECT_EQ(private_keys(), Names{"two/1"});
  EXPECT_EQ(manifest().keys.size(), 2U);
}

TEST_P(ChangePromise, a_slot_is_taken_again_once_its_last_key_is_forgotten) {
  make_slot("s1");
  add("s1", ed25519_key());
  EXPECT_THROW(add("s1", ed25519_key()), crypto::StoreError);
  revoke("s1");
  EXPECT_THROW(add("s1", ed25519_key()), crypto::StoreError);
  forget("s1");
  const auto next = crypto::PrivateKey::generate_ed25519();
  add("s1", next);
  EXPECT_EQ(manifest().keys.size(), 1U);
  EXPECT_EQ(entry("s1").use, 2);
  EXPECT_EQ(private_keys(), Names{"s1/2"});
  EXPECT_EQ(key_files(store().files(), domain_), Names{"s1/2"});
  expect_key(store(), "s1", next);
  expect_key(elsewhere(), "s1", next);
  EXPECT_EQ(record_file("s1"), record_text("s1", make_record(next, {})));
}

// As dkimkey generate --slots does if the flags change, too.
TEST_P(ChangePromise, a_slot_is_taken_again_after_its_record_was_rewritten) {
  make_slot("s1");
  add("s1", ed25519_key());
  revoke("s1");
  forget("s1");
  const auto next = crypto::PrivateKey::generate_ed25519();
  const auto both = change();
  both->manifest().record.strict = true;
  both->rewrite_record(both->manifest().keys.front());
  both->add_key(entry_of("s1", next, KeyState::active), next);
  both->commit();
  expect_key(store(), "s1", next);
  EXPECT_EQ(record_file("s1"), record_text("s1", make_record(next, {.strict = true})));
}

TEST_P(ChangePromise, a_record_goes_where_its_slot_leads) {
  {
    const auto opening = change();
    opening->manifest().slots.push_back({selector("s1"), crypto::Algorithm::ed25519, "s1.target.example"});
    opening->add_key(entry_of("s1", ed25519_key(), KeyState::pending), ed25519_key());
    opening->commit();
  }
  EXPECT_EQ(record_file("s1").find("s1.target.example."), 0U) << record_file("s1");
}

TEST_P(ChangePromise, the_key_of_a_revoked_entry_is_destroyed) {
  add("one", rsa_key());
  add("two", ed25519_key());
  revoke("one");
  EXPECT_EQ(private_keys(), Names{"two/1"});
  EXPECT_EQ(key_files(store().files(), domain_), Names{"two/1"});
  for (auto* reader : {&store(), &elsewhere()}) {
    EXPECT_THROW(reader->load_key(domain_, entry("one")), crypto::KeyFileError);
    EXPECT_EQ(reader->record_of(domain_, entry("one"), {}),
              crypto::revoked_record(crypto::Algorithm::rsa, {}));
  }
  EXPECT_EQ(record_file("one"), record_text("one", crypto::revoked_record(crypto::Algorithm::rsa, {})));
}

TEST_P(ChangePromise, a_key_may_be_added_and_another_revoked_at_once) {
  add("one", rsa_key());
  const auto both = change();
  both->add_key(entry_of("two", other_rsa_key(), KeyState::active), other_rsa_key());
  both->manifest().keys.front().state = KeyState::revoked;
  both->rewrite_record(both->manifest().keys.front());
  both->commit();
  EXPECT_EQ(private_keys(), Names{"two/1"});
  expect_key(elsewhere(), "two", other_rsa_key());
}

TEST_P(ChangePromise, a_record_has_the_flags_that_the_manifest_had) {
  {
    const auto adding = change();
    adding->manifest().record.test = true;
    adding->add_key(entry_of("one", rsa_key(), KeyState::active), rsa_key());
    adding->commit();
  }
  EXPECT_EQ(record_file("one"), record_text("one", make_record(rsa_key(), {.test = true})));
  const auto rewriting = change();
  rewriting->manifest().record = {.strict = true};
  rewriting->rewrite_record(rewriting->manifest().keys.front());
  rewriting->commit();
  EXPECT_EQ(record_file("one"), record_text("one", make_record(rsa_key(), {.strict = true})));
  EXPECT_EQ(store().record_of(domain_, entry("one"), {.strict = true}),
            make_record(rsa_key(), {.strict = true}));
}

TEST_P(ChangePromise, a_record_of_a_key_that_is_lost_is_not_rewritten) {
  add("one", rsa_key());
  world_->lose_key(domain_, entry("one"));
  const auto before = manifest();
  EXPECT_THROW(store().load_key(domain_, entry("one")), crypto::KeyFileError);
  const auto rewriting = change();
  rewriting->manifest().record.strict = true;
  EXPECT_THROW(rewriting->rewrite_record(rewriting->manifest().keys.front()), crypto::KeyFileError);
  EXPECT_EQ(manifest(), before);
}

TEST_P(ChangePromise, a_key_of_another_kind_than_the_manifest_says_is_refused) {
  add("one", rsa_key());
  auto other = entry("one");
  other.bits = 2048;
  EXPECT_THROW(store().load_key(domain_, other), crypto::KeyFileError);
  other = entry("one");
  other.use = 2;
  EXPECT_THROW(store().load_key(domain_, other), crypto::KeyFileError);
}

TEST_P(ChangePromise, a_commit_that_fails_changes_nothing_and_is_in_nobodys_way) {
  add("one", rsa_key());
  const auto before = manifest();
  {
    const auto failing = change();
    failing->add_key(entry_of("two", ed25519_key(), KeyState::active), ed25519_key());
    // More than any reader accepts.
    while (failing->manifest().keys.size() < 10'000)
      failing->manifest().keys.push_back(
          entry_of("k" + std::to_string(failing->manifest().keys.size()), rsa_key(), KeyState::revoked));
    EXPECT_THROW(failing->commit(), crypto::StoreError);
  }
  EXPECT_EQ(manifest(), before);
  EXPECT_EQ(elsewhere().read_manifest(domain_), before);
  EXPECT_EQ(private_keys(), Names{"one/1"});
  EXPECT_EQ(key_files(store().files(), domain_), Names{"one/1"});
  const auto next = elsewhere().change(domain_);
  EXPECT_EQ(next->manifest(), before);
  next->add_key(entry_of("two", other_rsa_key(), KeyState::active), other_rsa_key());
  next->commit();
  expect_key(store(), "two", other_rsa_key());
}

TEST_P(ChangePromise, domains_are_sorted_and_know_nothing_of_each_other) {
  for (const auto* name : {"shop.example", "example.com", "b.example"}) {
    const auto adding = store().change(test::domain_name(name));
    adding->add_key(entry_of("one", ed25519_key(), KeyState::active), ed25519_key());
    adding->commit();
  }
  revoke("one");
  Names names;
  for (const auto& domain : elsewhere().domains())
    names.push_back(domain.str());
  EXPECT_EQ(names, (Names{"b.example", "example.com", "shop.example"}));
  EXPECT_EQ(world_->private_keys(test::domain_name("b.example")), Names{"one/1"});
  EXPECT_FALSE(store().has(test::domain_name("other.example")));
}

TEST_P(ChangePromise, tidying_up_a_whole_domain_changes_nothing) {
  add("one", rsa_key());
  revoke("one");
  const auto before = manifest();
  const auto written = store().files().stamp(domain_);
  store().tidy_up(domain_, before);
  EXPECT_EQ(manifest(), before);
  EXPECT_EQ(store().files().stamp(domain_), written);
}

TEST_P(ChangePromise, held_for_many_domains_it_is_the_same_store) {
  add("one", rsa_key());
  store().hold();
  expect_key(store(), "one", rsa_key());
  revoke("one");
  EXPECT_EQ(private_keys(), Names{});
  EXPECT_EQ(entry("one").state, KeyState::revoked);
  EXPECT_EQ(store().domains(), std::vector{domain_});
}

INSTANTIATE_TEST_SUITE_P(Stores, ChangePromise, testing::ValuesIn(store_kinds()), name_of);

}  // namespace
}  // namespace dkim::keytool::store_test
