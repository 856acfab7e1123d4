// Tests what a change of a domain promises (crypto/store/domain_change.hpp), on every kind of store.
#include <gtest/gtest.h>

#include "crypto/error.hpp"
#include "tests/keytool/store/change_fixture.hpp"

namespace dkim::keytool::store_test {
namespace {

class ChangePromise : public ChangeFixture {};

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
  // This thread may read meanwhile, as may all others.
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
