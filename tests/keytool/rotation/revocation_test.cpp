// Tests that a revoked key signs nothing from then on, and that no mail loses its signature because of it.
#include "keytool/rotation/revocation.hpp"

#include <gtest/gtest.h>

#include "crypto/error.hpp"
#include "crypto/signatures/identity.hpp"
#include "crypto/store/domain_keys.hpp"
#include "crypto/store/domain_transaction.hpp"
#include "crypto/store/file_store.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::keytool {
namespace {

using test::domain_name;
using test::read_file;
using test::selector;

class RevocationTest : public testing::Test {
 protected:
  RevocationTest() {
    store_.add("example.com", "a", test::ed25519_key());
    store_.add("example.com", "b", test::ed25519_key());
  }

  std::string revoke(std::string_view name) {
    const auto done =
        revoke_key(record_, domain_name("example.com"), selector(name), settings_, {}, crypto::utc_now());
    return done.successor ? done.successor->str() : "";
  }

  // Returns the selectors that sign mail of the author.
  std::string signs(std::string_view author) {
    crypto::UncachedKeySource source(store_.store());
    const auto identity = crypto::identify({{"From", std::string(author)}}, settings_, source);
    std::string out;
    if (const auto* found = std::get_if<crypto::SigningIdentity>(&identity)) {
      for (const auto& key : found->keys)
        out += (out.empty() ? "" : " ") + key.selector.str();
    }
    return out;
  }

  void name_in_a_rule(std::string_view name) {
    rules_.push_back({"*@news.example.com", domain_name("example.com"), {selector(name)}});
  }

  test::TestStore store_;
  crypto::FileStore record_{store_.store()};
  crypto::SigningSettings settings_;
  std::vector<crypto::SenderRule>& rules_ = settings_.rules;
};

TEST_F(RevocationTest, OneOfTwoGetsNoSuccessor) {
  EXPECT_EQ(revoke("a"), "");
  EXPECT_EQ(signs("x@example.com"), "b");
  EXPECT_FALSE(exists(store_.path("example.com/a.private")));
}

TEST_F(RevocationTest, TheLastOneGetsASuccessor) {
  revoke("a");
  const auto successor = revoke("b");
  EXPECT_EQ(successor.substr(0, 2), "b-");
  EXPECT_EQ(signs("x@example.com"), successor);
}

TEST_F(RevocationTest, OneThatARuleNamesGetsASuccessor) {
  name_in_a_rule("a");
  const auto successor = revoke("a");
  EXPECT_EQ(successor.substr(0, 2), "a-");
  EXPECT_EQ(signs("x@news.example.com"), successor);
  EXPECT_EQ(signs("x@example.com"), "b " + successor);
}

// Without it, on_error would hold all mail of these senders.
TEST_F(RevocationTest, OneThatAlsoSignNamesGetsASuccessor) {
  settings_.also_sign.push_back({"*", domain_name("example.com"), {selector("a")}});
  EXPECT_EQ(revoke("b"), "");
  EXPECT_EQ(revoke("a").substr(0, 2), "a-");
  store_.add("example.com", "c", test::ed25519_key());
  settings_.also_sign.back().selectors = {selector("c")};
  EXPECT_EQ(revoke("c").substr(0, 2), "c-");
}

TEST_F(RevocationTest, OneThatARuleNamesBesideAnotherGetsNone) {
  name_in_a_rule("a");
  rules_.back().selectors.push_back(selector("b"));
  EXPECT_EQ(revoke("a"), "");
  EXPECT_EQ(signs("x@news.example.com"), "b");
}

TEST_F(RevocationTest, ARuleForAnotherDomainDoesNotMatter) {
  rules_.push_back({"*@news.example.com", domain_name("other.example"), {selector("a")}});
  EXPECT_EQ(revoke("a"), "");
}

TEST_F(RevocationTest, ThePendingKeyThatWasToReplaceItTakesOver) {
  name_in_a_rule("a");
  store_.add("example.com", "next", test::ed25519_key(), crypto::KeyState::pending);
  EXPECT_EQ(revoke("a"), "next");
  EXPECT_EQ(signs("x@news.example.com"), "next");
  EXPECT_EQ(signs("x@example.com"), "b next");
}

class SlotRevocation : public RevocationTest {
 protected:
  SlotRevocation() {
    crypto::DomainTransaction transaction(store_.store(), domain_);
    transaction.manifest().slots = {{selector("a"), crypto::Algorithm::ed25519},
                                    {selector("b"), crypto::Algorithm::ed25519}};
    transaction.commit();
  }

  Revocation revoke_in_slot(std::string_view name, IfNoSlotIsFree if_no_slot_is_free) {
    return revoke_key(record_, domain_, selector(name), settings_, {}, crypto::utc_now(), if_no_slot_is_free);
  }

  const canon::DomainName domain_ = domain_name("example.com");
};

TEST_F(SlotRevocation, WithoutAFreeSlotIsRefused) {
  revoke("a");
  const auto before = read_file(store_.path("example.com/keys.conf"));
  const auto message = test::message_of<crypto::StoreError>([&] { revoke("b"); });
  EXPECT_EQ(
      message,
      "b signs mail that no other key signs, and no slot is free for a successor: a waits for its empty "
      "record on every server; b signs. What can be done now: \"dkimkey rotate --compromised --wait\" ends "
      "all drains, and replaces b as soon as resolvers have forgotten the last key of a slot; \"dkimkey "
      "generate --slots\" with one slot more makes a key that signs once its record is in DNS; \"dkimkey "
      "revoke --unsigned\" revokes b at once, and mail leaves unsigned until a slot is free");
  EXPECT_EQ(read_file(store_.path("example.com/keys.conf")), before);
  EXPECT_EQ(signs("x@example.com"), "b");
}

// A first rotate --compromised means the key that b has replaced.
TEST_F(SlotRevocation, SaysHowOftenToRotateWhileThePredecessorDrains) {
  {
    crypto::DomainTransaction transaction(store_.store(), domain_);
    apply_change(Activate{selector("b"), {selector("a")}}, transaction.manifest(), crypto::utc_now());
    transaction.commit();
  }
  EXPECT_NE(
      test::message_of<crypto::StoreError>([&] { revoke("b"); })
          .find("\"dkimkey rotate --compromised --wait\", run twice because the first run only revokes the "
                "key that b has replaced, ends all drains"),
      std::string::npos);
}

TEST_F(SlotRevocation, LeavesMailUnsignedIfThatIsSaid) {
  revoke("a");
  const auto done = revoke_in_slot("b", IfNoSlotIsFree::leave_unsigned);
  EXPECT_FALSE(done.successor);
  EXPECT_EQ(done.unsigned_because, "a waits for its empty record on every server; b signs");
  EXPECT_EQ(signs("x@example.com"), "");
  EXPECT_FALSE(exists(store_.path("example.com/b.private")));
}

// A machine of a fleet has not seen the revocation of a.
TEST_F(SlotRevocation, NamesTheMachineThatHoldsASlot) {
  class OneIsBehind final : public crypto::StoreOfRecord {
   public:
    explicit OneIsBehind(const crypto::KeyStore& files) : record_(files) {}
    const crypto::KeyStore& files() const override { return record_.files(); }
    std::vector<canon::DomainName> domains() override { return record_.domains(); }
    std::optional<crypto::Manifest> read_manifest(const canon::DomainName& domain) override {
      return record_.read_manifest(domain);
    }
    crypto::PrivateKey load_key(const canon::DomainName& domain, const crypto::KeyEntry& entry) override {
      return record_.load_key(domain, entry);
    }
    crypto::KeyRecord record_of(const canon::DomainName& domain, const crypto::KeyEntry& entry,
                                const crypto::RecordFlags& flags) override {
      return record_.record_of(domain, entry, flags);
    }
    std::unique_ptr<crypto::DomainChange> change(const canon::DomainName& domain) override {
      return record_.change(domain);
    }
    void tidy_up(const canon::DomainName& domain, const crypto::Manifest& manifest) override {
      record_.tidy_up(domain, manifest);
    }
    crypto::SignerView signers(const canon::DomainName& /*domain*/) override {
      return {true, {{.host = "mx2"}}};
    }

   private:
    crypto::FileStore record_;
  };
  {
    crypto::DomainTransaction transaction(store_.store(), domain_);
    for (auto& key : transaction.manifest().keys)
      key.activated = key.created;
    transaction.commit();
  }
  revoke("a");
  OneIsBehind fleet(store_.store());
  const std::string holder = "; longer while a machine may sign with the last key of a: mx2 (no contact yet)";
  const auto refusal = test::message_of<crypto::StoreError>(
      [&] { revoke_key(fleet, domain_, selector("b"), settings_, {}, crypto::utc_now()); });
  EXPECT_NE(refusal.find("every server; b signs" + holder + ". What can be done now"), std::string::npos)
      << refusal;
  const auto done = revoke_key(fleet, domain_, selector("b"), settings_, {}, crypto::utc_now(),
                               IfNoSlotIsFree::leave_unsigned);
  EXPECT_TRUE(done.unsigned_because.ends_with(holder)) << done.unsigned_because;
}

TEST_F(SlotRevocation, ASuccessorTakesAFreeSlot) {
  revoke("a");
  {
    crypto::DomainTransaction transaction(store_.store(), domain_);
    apply_change(Forget{selector("a")}, transaction.manifest(), crypto::utc_now());
    transaction.commit();
  }
  const auto done = revoke_in_slot("b", IfNoSlotIsFree::leave_unsigned);
  ASSERT_TRUE(done.successor);
  EXPECT_EQ(done.unsigned_because, "");
  EXPECT_EQ(signs("x@example.com"), "a");
  EXPECT_TRUE(exists(store_.path("example.com/a+2.private")));
  EXPECT_FALSE(exists(store_.path("example.com/a.private")));
}

TEST_F(RevocationTest, Refusals) {
  EXPECT_THROW(revoke("absent"), crypto::StoreError);
  revoke("a");
  EXPECT_THROW(revoke("a"), crypto::StoreError);
  EXPECT_THROW(revoke_key(record_, domain_name("other.example"), selector("a"), settings_, {}, {}),
               crypto::StoreError);
}

}  // namespace
}  // namespace dkim::keytool
