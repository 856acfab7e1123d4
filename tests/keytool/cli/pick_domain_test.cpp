#include "keytool/cli/pick_domain.hpp"

#include <gtest/gtest.h>

#include "keytool/cli/errors.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::keytool {
namespace {

class PickDomainTest : public testing::Test {
 protected:
  PickDomainTest() { test::write_file(mailname_, "mail.example\n"); }

  std::string pick(const std::optional<std::string>& given) {
    return pick_domain(given, files_.store(), mailname_).str();
  }
  void add(const std::string& domain) { files_.add(domain, "s", test::ed25519_key()); }

  test::TestStore files_;
  test::TemporaryDirectory elsewhere_;
  std::filesystem::path mailname_ = elsewhere_.path() / "mailname";
};

TEST_F(PickDomainTest, TheOneGiven) {
  add("only.example");
  EXPECT_EQ(pick("Given.Example."), "given.example");
  EXPECT_THROW(pick("not a domain"), UsageError);
  EXPECT_THROW(pick(""), UsageError);
}

TEST_F(PickDomainTest, TheOnlyOneInTheStore) {
  add("only.example");
  EXPECT_EQ(pick(std::nullopt), "only.example");
}

TEST_F(PickDomainTest, ElseTheMailname) {
  EXPECT_EQ(pick(std::nullopt), "mail.example");
  add("one.example");
  add("two.example");
  EXPECT_EQ(pick(std::nullopt), "mail.example");
}

TEST_F(PickDomainTest, TheMailnameWhereThereIsNoKeyDirectoryYet) {
  EXPECT_EQ(pick_domain({}, crypto::KeyStore(elsewhere_.path() / "absent"), mailname_).str(), "mail.example");
}

TEST_F(PickDomainTest, ElseAQuestion) {
  for (const auto* content : {"", "\n", "not a domain\n"}) {
    test::write_file(mailname_, content);
    EXPECT_THROW(pick(std::nullopt), UsageError) << content;
  }
  std::filesystem::remove(mailname_);
  EXPECT_NE(test::message_of<UsageError>([&] { pick(std::nullopt); }).find("has none yet"),
            std::string::npos);
  add("one.example");
  add("two.example");
  EXPECT_NE(test::message_of<UsageError>([&] { pick(std::nullopt); }).find("has 2: give --domain"),
            std::string::npos);
}

}  // namespace
}  // namespace dkim::keytool
