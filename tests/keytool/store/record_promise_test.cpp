// Tests what a change of a domain promises of slots and records, on every kind of store.
#include <gtest/gtest.h>

#include "crypto/error.hpp"
#include "tests/keytool/store/change_fixture.hpp"

namespace dkim::keytool::store_test {
namespace {

class RecordPromise : public ChangeFixture {};

TEST_P(RecordPromise, a_slot_is_taken_again_once_its_last_key_is_forgotten) {
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
TEST_P(RecordPromise, a_slot_is_taken_again_after_its_record_was_rewritten) {
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

TEST_P(RecordPromise, a_record_goes_where_its_slot_leads) {
  {
    const auto opening = change();
    opening->manifest().slots.push_back({selector("s1"), crypto::Algorithm::ed25519, "s1.target.example"});
    opening->add_key(entry_of("s1", ed25519_key(), KeyState::pending), ed25519_key());
    opening->commit();
  }
  EXPECT_EQ(record_file("s1").find("s1.target.example."), 0U) << record_file("s1");
}

TEST_P(RecordPromise, a_record_has_the_flags_that_the_manifest_had) {
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

TEST_P(RecordPromise, a_record_of_a_key_that_is_lost_is_not_rewritten) {
  add("one", rsa_key());
  world_->lose_key(domain_, entry("one"));
  const auto before = manifest();
  EXPECT_THROW(store().load_key(domain_, entry("one")), crypto::KeyFileError);
  const auto rewriting = change();
  rewriting->manifest().record.strict = true;
  EXPECT_THROW(rewriting->rewrite_record(rewriting->manifest().keys.front()), crypto::KeyFileError);
  EXPECT_EQ(manifest(), before);
}

INSTANTIATE_TEST_SUITE_P(Stores, RecordPromise, testing::ValuesIn(store_kinds()), name_of);

}  // namespace
}  // namespace dkim::keytool::store_test
