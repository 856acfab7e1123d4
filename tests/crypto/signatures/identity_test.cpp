#include "crypto/signatures/identity.hpp"

#include <gtest/gtest.h>

#include "crypto/error.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::crypto {
namespace {

using test::domain_name;
using test::selector;

class IdentityTest : public testing::Test {
 protected:
  IdentityTest() {
    store_.add("example.com", "server", test::rsa_key());
    store_.add("example.com", "second", test::ed25519_key());
    store_.add("waiting.example", "next", test::rsa_key(), KeyState::pending);
  }

  // Returns "DOMAIN SELECTOR SELECTOR author=...", "no: REASON" or "malformed: REASON".
  std::string identify_header(const std::vector<canon::HeaderField>& message) {
    UncachedKeySource source(store_.store());
    const auto identity = identify(message, settings_, source);
    if (const auto* none = std::get_if<NoIdentity>(&identity)) {
      rule_ = none->rule;
      cause_ = none->cause;
      return (none->cause == NoIdentity::Cause::malformed ? "malformed: " : "no: ") + none->reason;
    }
    const auto& found = std::get<SigningIdentity>(identity);
    rule_ = found.rule;
    std::string out = found.domain.str();
    for (const auto& key : found.keys)
      out += " " + key.selector.str();
    return out + " author=" + found.author;
  }
  std::string from(std::string_view value) { return identify_header({{"From", std::string(value)}}); }

  test::TestStore store_;
  SigningSettings settings_;
  std::vector<SenderRule>& rules_ = settings_.rules;
  std::optional<std::size_t> rule_;
  std::optional<NoIdentity::Cause> cause_;  // of the last "no" or "malformed"
};

TEST_F(IdentityTest, TheAuthorsOwnDomain) {
  EXPECT_EQ(from(" Alerts <alerts@Example.COM>"), "example.com server second author=alerts@Example.COM");
  EXPECT_EQ(rule_, std::nullopt);
}

TEST_F(IdentityTest, TheNearestParent) {
  EXPECT_EQ(from("a@b.c.example.com"), "example.com server second author=a@b.c.example.com");
  store_.add("c.example.com", "near", test::rsa_key());
  EXPECT_EQ(from("a@b.c.example.com"), "c.example.com near author=a@b.c.example.com");
  EXPECT_EQ(from("a@d.example.com"), "example.com server second author=a@d.example.com");
}

TEST_F(IdentityTest, AParentThatDoesNotSignForSubdomains) {
  store_.set_subdomains("example.com", false);
  EXPECT_EQ(from("a@b.example.com"), "no: domain example.com does not sign for its subdomains");
  EXPECT_EQ(from("a@example.com"), "example.com server second author=a@example.com");
}

TEST_F(IdentityTest, ASubdomainWhoseKeyIsPendingIsSignedByItsParent) {
  store_.add("sub.example.com", "next", test::rsa_key(), KeyState::pending);
  EXPECT_EQ(from("a@sub.example.com"), "example.com server second author=a@sub.example.com");
}

TEST_F(IdentityTest, Reasons) {
  EXPECT_EQ(from("a@other.example"), "no: no key for domain other.example");
  EXPECT_EQ(from("a@waiting.example"), "no: key next of waiting.example is pending");
  EXPECT_EQ(from("a@[192.0.2.1]").substr(0, 4), "no: ");
  // Neither another domain's end nor the top level is a parent.
  EXPECT_EQ(from("a@notexample.com"), "no: no key for domain notexample.com");
  store_.add("com", "top", test::rsa_key());
  EXPECT_EQ(from("a@notexample.com"), "no: no key for domain notexample.com");
}

// Programs write such fields, and every mail program reads the one address in them.
TEST_F(IdentityTest, AFromThatIsNotRfc5322AndHasOneReading) {
  UncachedKeySource source(store_.store());
  const auto identity = identify({{"From", " Acme, Inc. <a@example.com>"}}, settings_, source);
  const auto* found = std::get_if<SigningIdentity>(&identity);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->author, "a@example.com");
  EXPECT_EQ(found->note, "the From field is not RFC 5322: it has an address without a domain");
  const auto ordinary = identify({{"From", "Acme <a@example.com>"}}, settings_, source);
  EXPECT_EQ(std::get<SigningIdentity>(ordinary).note, "");
  EXPECT_TRUE(from("b@other.example; Foo <a@example.com>").starts_with("malformed: "));
}

class SecondSignersTest : public IdentityTest {
 protected:
  SecondSignersTest() {
    store_.add("esp.example", "e1", test::rsa_key());
    store_.add("esp.example", "e2", test::ed25519_key());
  }

  // Returns "DOMAIN SELECTOR ..." for each domain that signs, joined by "; ", or why nobody does.
  std::string signers(std::string_view author) {
    UncachedKeySource source(store_.store());
    try {
      const auto identity = identify({{"From", std::string(author)}}, settings_, source);
      if (const auto* none = std::get_if<NoIdentity>(&identity)) return "no: " + none->reason;
      const auto& found = std::get<SigningIdentity>(identity);
      std::string out = text(found.domain, found.keys);
      for (const auto& second : found.second)
        out += "; " + text(second.domain, second.keys);
      return out;
    } catch (const StoreError& error) {
      return std::string("fault: ") + error.what();
    }
  }

  static std::string text(const canon::DomainName& domain, const std::vector<SigningKey>& keys) {
    std::string out = domain.str();
    for (const auto& key : keys)
      out += " " + key.selector.str();
    return out;
  }

  void also_sign(const std::string& sender, std::string_view domain,
                 std::vector<canon::Selector> selectors = {}) {
    settings_.also_sign.push_back({sender, domain_name(domain), std::move(selectors)});
  }
};

TEST_F(SecondSignersTest, SignBesideTheAuthorsDomain) {
  also_sign("*", "esp.example");
  EXPECT_EQ(signers("a@example.com"), "example.com server second; esp.example e1 e2");
  EXPECT_EQ(signers("a@esp.example"), "esp.example e1 e2") << "the same key never signs twice";
}

TEST_F(SecondSignersTest, AreChosenByTheAuthorAsRulesAre) {
  also_sign("*@example.com", "esp.example", {selector("e1")});
  EXPECT_EQ(signers("A@Example.COM"), "example.com server second; esp.example e1");
  EXPECT_EQ(signers("a@sub.example.com"), "example.com server second");
  rules_.push_back({"*", domain_name("example.com"), {selector("second")}});
  EXPECT_EQ(signers("a@example.com"), "example.com second; esp.example e1");
}

TEST_F(SecondSignersTest, EveryEntryThatMatchesSigns) {
  also_sign("*", "esp.example", {selector("e1")});
  also_sign("*@example.com", "esp.example");
  also_sign("*@example.com", "example.com", {selector("server")});
  EXPECT_EQ(signers("a@example.com"), "example.com server second; esp.example e1; esp.example e2");
}

TEST_F(SecondSignersTest, NeverSignInsteadOfTheAuthor) {
  also_sign("*", "esp.example");
  EXPECT_EQ(signers("a@nowhere.example"), "no: no key for domain nowhere.example");
  rules_.push_back({"*", std::nullopt});
  EXPECT_EQ(signers("a@example.com"), "no: a rule says not to sign for *");
}

TEST_F(SecondSignersTest, AMissingKeyIsAFault) {
  also_sign("*", "waiting.example");
  EXPECT_EQ(signers("a@example.com"), "fault: also_sign for *: waiting.example has no active key");
  settings_.also_sign.clear();
  also_sign("*", "absent.example");
  EXPECT_EQ(signers("a@example.com"), "fault: also_sign for *: absent.example has no active key");
  settings_.also_sign.clear();
  also_sign("*", "esp.example", {selector("e3")});
  EXPECT_EQ(signers("a@example.com"),
            "fault: also_sign for *: esp.example has no active key that the entry names");
}

// Metrics count by cause.
TEST_F(IdentityTest, EachReasonHasItsCause) {
  using Cause = NoIdentity::Cause;
  const auto cause = [&](std::string_view value) {
    cause_.reset();
    from(value);
    return cause_;
  };
  EXPECT_EQ(cause("a@other.example"), Cause::no_key);
  EXPECT_EQ(cause("a@waiting.example"), Cause::key_pending);
  EXPECT_EQ(cause("a@[192.0.2.1]"), Cause::invalid_domain);
  EXPECT_EQ(cause("not an address"), Cause::malformed);
  store_.add("old.example", "gone", test::rsa_key(), KeyState::retiring);
  EXPECT_EQ(cause("a@old.example"), Cause::no_active_key);
  store_.add("old.example", "next", test::rsa_key(), KeyState::pending);
  EXPECT_EQ(cause("a@old.example"), Cause::key_pending);
  store_.set_subdomains("example.com", false);
  EXPECT_EQ(cause("a@sub.example.com"), Cause::subdomain);
  rules_.push_back({"*@quiet.example", std::nullopt, {}});
  rules_.push_back({"*@gone.example", domain_name("nowhere.example"), {}});
  rules_.push_back({"*@odd.example", domain_name("example.com"), {selector("absent")}});
  EXPECT_EQ(cause("a@quiet.example"), Cause::rule);
  EXPECT_EQ(cause("a@gone.example"), Cause::no_key);
  EXPECT_EQ(cause("a@odd.example"), Cause::no_active_key);
}

TEST_F(IdentityTest, SeveralMailboxesOfOneFrom) {
  EXPECT_EQ(from("a@other.example, b@waiting.example, c@example.com, d@example.com"),
            "example.com server second author=c@example.com");
  EXPECT_EQ(from("a@other.example, b@waiting.example"), "no: no key for domain other.example");
}

TEST_F(IdentityTest, MalformedMessages) {
  EXPECT_EQ(identify_header({}), "malformed: no From field");
  EXPECT_EQ(identify_header({{"From", "a@example.com"}, {"Subject", "x"}, {"FROM", "a@example.com"}}),
            "malformed: more than one From field");
  for (const auto* value : {"", " ", "nobody", "a@", "<a@example.com", "a@example.com b@example.com", "(",
                            "\"", ",", "undisclosed:;"})
    EXPECT_EQ(from(value).substr(0, 29), "malformed: the From field has") << value;
}

TEST_F(IdentityTest, HostileDomains) {
  EXPECT_EQ(from("a@m\xc3\xbcller.example"), "no: no key for domain xn--mller-kva.example");
  EXPECT_EQ(from("a@\xff\xfe.example").substr(0, 4), "no: ");
  EXPECT_EQ(from("a@../../etc"), "malformed: the From field has not a domain after the @");
  EXPECT_EQ(from("a@" + std::string(5000, 'x')).substr(0, 4), "no: ");
  EXPECT_EQ(from("a@" + std::string(63, 'x') + "y.example").substr(0, 4), "no: ");
}

TEST_F(IdentityTest, InternationalDomainsAreFoundByTheirALabel) {
  store_.add("xn--mller-kva.example", "server", test::rsa_key());
  EXPECT_EQ(from("a@M\xc3\x9cLLER.example").substr(0, 28), "xn--mller-kva.example server");
}

TEST_F(IdentityTest, RulesDecideFirst) {
  rules_.push_back({"*@news.example.com", domain_name("example.com"), {selector("second")}});
  rules_.push_back({"boss@*", domain_name("waiting.example"), {}});
  rules_.push_back({"*@elsewhere.example", domain_name("example.com"), {}});
  EXPECT_EQ(from("x@news.example.com"), "example.com second author=x@news.example.com");
  EXPECT_EQ(rule_, 0U);
  EXPECT_EQ(from("X@NEWS.Example.com"), "example.com second author=X@NEWS.Example.com");
  EXPECT_EQ(from("x@elsewhere.example"), "example.com server second author=x@elsewhere.example");
  EXPECT_EQ(rule_, 2U);
  EXPECT_EQ(from("x@example.com"), "example.com server second author=x@example.com");
  EXPECT_EQ(rule_, std::nullopt);
}

TEST_F(IdentityTest, ARuleCanExemptMailFromSigning) {
  rules_.push_back({"*@quiet.example.com", std::nullopt, {}});
  rules_.push_back({"*@example.com", domain_name("example.com"), {}});
  EXPECT_EQ(from("x@quiet.example.com"), "no: a rule says not to sign for *@quiet.example.com");
  EXPECT_EQ(rule_, 0U);
  EXPECT_EQ(from("x@loud.example.com"), "example.com server second author=x@loud.example.com");
}

// After a rotation, the rule need not be changed.
TEST_F(IdentityTest, ARuleThatNamesASelectorCoversItsSuccessors) {
  rules_.push_back({"*@news.example.com", domain_name("example.com"), {selector("second")}});
  store_.replace("example.com", "second", "second-20261124", test::rsa_key());
  EXPECT_EQ(from("x@news.example.com"), "example.com second-20261124 author=x@news.example.com");
  store_.replace("example.com", "second-20261124", "second-20270524", test::rsa_key());
  EXPECT_EQ(from("x@news.example.com"), "example.com second-20270524 author=x@news.example.com");
}

// Falling back to the author's own domain would sign for a domain that the rule excludes.
TEST_F(IdentityTest, ARuleWhoseDomainHasNoKeyIsFinal) {
  rules_.push_back({"boss@example.com", domain_name("waiting.example"), {}});
  rules_.push_back({"gone@example.com", domain_name("gone.example"), {}});
  rules_.push_back({"odd@example.com", domain_name("example.com"), {selector("absent")}});
  EXPECT_EQ(from("boss@example.com"), "no: key next of waiting.example is pending");
  EXPECT_EQ(rule_, 0U);
  EXPECT_EQ(from("gone@example.com"), "no: domain gone.example, named by a rule, has no key");
  EXPECT_EQ(from("odd@example.com"), "no: none of the selectors a rule names is active in example.com");
}

TEST_F(IdentityTest, AnUnusableKeyIsAnErrorAndNotAReasonNotToSign) {
  std::filesystem::remove(store_.path("example.com/second.private"));
  EXPECT_THROW(from("a@example.com"), KeyFileError);
}

// A From field with a thousand mailboxes must not cost a thousand lookups in the key store.
TEST_F(IdentityTest, ManyAuthorsAreNotAllLookedUp) {
  class CountingSource final : public KeySource {
   public:
    std::shared_ptr<const DomainKeys> find(const canon::DomainName&) override {
      ++asked;
      return nullptr;
    }
    int asked = 0;
  };
  std::string value;
  for (int i = 0; i < 1000; ++i)
    value += "a@d" + std::to_string(i) + ".example,";
  CountingSource source;
  const auto identity = identify({{"From", value}}, SigningSettings(), source);
  EXPECT_TRUE(std::holds_alternative<NoIdentity>(identity));
  EXPECT_LE(source.asked, 100);
}

}  // namespace
}  // namespace dkim::crypto
