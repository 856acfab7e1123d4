// Tests that a revoked key signs nothing from then on, and that no mail loses its signature because of it.
#include "keytool/rotation/revocation.hpp"

#include <gtest/gtest.h>

#include "crypto/error.hpp"
#include "crypto/signatures/identity.hpp"
#include "crypto/store/domain_keys.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::keytool {
namespace {

using test::domain_name;
using test::selector;

class Revocation : public testing::Test {
 protected:
  Revocation() {
    store_.add("example.com", "a", test::ed25519_key());
    store_.add("example.com", "b", test::ed25519_key());
  }

  std::string revoke(std::string_view name) {
    const auto done =
        revoke_key(store_.store(), domain_name("example.com"), selector(name), rules_, {}, crypto::utc_now());
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
  crypto::SigningSettings settings_;
  std::vector<crypto::SenderRule>& rules_ = settings_.rules;
};

TEST_F(Revocation, OneOfTwoGetsNoSuccessor) {
  EXPECT_EQ(revoke("a"), "");
  EXPECT_EQ(signs("x@example.com"), "b");
  EXPECT_FALSE(exists(store_.path("example.com/a.private")));
}

TEST_F(Revocation, TheLastOneGetsASuccessor) {
  revoke("a");
  const auto successor = revoke("b");
  EXPECT_EQ(successor.substr(0, 2), "b-");
  EXPECT_EQ(signs("x@example.com"), successor);
}

TEST_F(Revocation, OneThatARuleNamesGetsASuccessor) {
  name_in_a_rule("a");
  const auto successor = revoke("a");
  EXPECT_EQ(successor.substr(0, 2), "a-");
  EXPECT_EQ(signs("x@news.example.com"), successor);
  EXPECT_EQ(signs("x@example.com"), "b " + successor);
}

TEST_F(Revocation, OneThatARuleNamesBesideAnotherGetsNone) {
  name_in_a_rule("a");
  rules_.back().selectors.push_back(selector("b"));
  EXPECT_EQ(revoke("a"), "");
  EXPECT_EQ(signs("x@news.example.com"), "b");
}

TEST_F(Revocation, ARuleForAnotherDomainDoesNotMatter) {
  rules_.push_back({"*@news.example.com", domain_name("other.example"), {selector("a")}});
  EXPECT_EQ(revoke("a"), "");
}

TEST_F(Revocation, ThePendingKeyThatWasToReplaceItTakesOver) {
  name_in_a_rule("a");
  store_.add("example.com", "next", test::ed25519_key(), crypto::KeyState::pending);
  EXPECT_EQ(revoke("a"), "next");
  EXPECT_EQ(signs("x@news.example.com"), "next");
  EXPECT_EQ(signs("x@example.com"), "b next");
}

TEST_F(Revocation, Refusals) {
  EXPECT_THROW(revoke("absent"), crypto::StoreError);
  revoke("a");
  EXPECT_THROW(revoke("a"), crypto::StoreError);
  EXPECT_THROW(revoke_key(store_.store(), domain_name("other.example"), selector("a"), rules_, {}, {}),
               crypto::StoreError);
}

}  // namespace
}  // namespace dkim::keytool
