#include "keytool/cli/pick_domain.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

#include "keytool/cli/errors.hpp"
#include "keytool/system/postconf.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::keytool {
namespace {

class PickDomainTest : public testing::Test {
 protected:
  PickDomainTest() { test::write_file(mailname_, "mail.example\n"); }

  std::string pick(const std::optional<std::string>& given) {
    return pick_domain(given, files_.store(), own_).str();
  }
  void add(const std::string& domain) { files_.add(domain, "s", test::ed25519_key()); }

  test::TestStore files_;
  test::TemporaryDirectory elsewhere_;
  std::filesystem::path mailname_ = elsewhere_.path() / "mailname";
  static std::string nothing() { return {}; }
  OwnDomainSources own_{mailname_, nothing, nothing};
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
  EXPECT_EQ(pick_domain({}, crypto::KeyStore(elsewhere_.path() / "absent"), own_).str(), "mail.example");
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

std::string short_name() {
  return "server";
}
std::string default_origin() {
  return "server.localdomain";
}
std::string origin() {
  return "Origin.Example\n";
}
std::string host() {
  return "host.example";
}

TEST_F(PickDomainTest, WithoutAMailnamePostfixAndThenTheHostIsAsked) {
  own_ = {mailname_, origin, host};
  EXPECT_EQ(pick(std::nullopt), "mail.example");
  std::filesystem::remove(mailname_);
  EXPECT_EQ(pick(std::nullopt), "origin.example");
  own_.origin = nothing;
  EXPECT_EQ(pick(std::nullopt), "host.example");
}

TEST_F(PickDomainTest, ANameThatCannotBeInDnsIsPassedOver) {
  own_ = {mailname_, origin, host};
  test::write_file(mailname_, "server\n");
  EXPECT_EQ(pick(std::nullopt), "origin.example");
  own_.origin = default_origin;
  EXPECT_EQ(pick(std::nullopt), "host.example");
  own_.host = short_name;
  EXPECT_NE(test::message_of<UsageError>([&] { pick(std::nullopt); }).find("give --domain"),
            std::string::npos);
}

TEST(OwnDomain, TheHostSaysItsName) {
  std::array<char, 256> name{};
  ASSERT_EQ(gethostname(name.data(), name.size() - 1), 0);
  EXPECT_EQ(host_name(), name.data());
}

TEST(Postconf, MyoriginMayBeTheNameOfAFile) {
  const test::TemporaryDirectory files;
  const auto file = (files.path() / "mailname").string();
  EXPECT_EQ(followed_origin("mail.example"), "mail.example");
  EXPECT_EQ(followed_origin(file), file);
  test::write_file(file, " mail.example \nother.example\n");
  EXPECT_EQ(followed_origin(file), "mail.example");
  EXPECT_EQ(followed_origin(files.path().string()), files.path().string());
}

}  // namespace
}  // namespace dkim::keytool
