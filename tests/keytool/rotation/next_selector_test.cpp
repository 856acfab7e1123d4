#include "keytool/keys/next_selector.hpp"

#include <gtest/gtest.h>

#include <set>

#include "tests/keytool/rotation/rotation_fixture.hpp"

namespace dkim::keytool {
namespace {

using namespace rotation_test;

class NextSelector : public testing::Test {
 protected:
  // Returns the name, or why there is none.
  std::string next(const std::string& old) {
    const auto name = next_selector(used_, selector(old), algorithm_, noon, naming_);
    return name ? name->str() : name.refusal().reason;
  }
  void set_pattern(std::string_view text) { naming_.pattern = *canon::SelectorPattern::parse(text); }
  void take(const std::string& name) { used_.keys.push_back(key(name, KeyState::revoked)); }

  Manifest used_;
  Algorithm algorithm_ = Algorithm::rsa;
  SelectorNaming naming_;
};

TEST_F(NextSelector, KeepsTheStemAndTakesTheDate) {
  EXPECT_EQ(next("server"), "server-20261124");
  EXPECT_EQ(next("server-20260528"), "server-20261124");
  EXPECT_EQ(next("server-20260528b"), "server-20261124");
  EXPECT_EQ(next("server-ed25519"), "server-ed25519-20261124");
  EXPECT_EQ(next("s.sub"), "s.sub-20261124");
}

TEST_F(NextSelector, KeepsTheFormOfADate) {
  EXPECT_EQ(next("20260528"), "20261124");
  EXPECT_EQ(next("202401"), "202611");
  EXPECT_EQ(next("2026.05"), "2026.11");
  EXPECT_EQ(next("2026-05"), "2026-11");
  EXPECT_EQ(next("2024.05.18"), "2026.11.24");
  EXPECT_EQ(next("2024-05-18"), "2026-11-24");
  EXPECT_EQ(next("2024"), "2026");
  EXPECT_EQ(next("s20240518"), "s20261124");
  EXPECT_EQ(next("mail-2024-05c"), "mail-2026-11");
  EXPECT_EQ(next("dkim.202405"), "dkim.202611");
}

TEST_F(NextSelector, TakesNoOtherNumberForADate) {
  for (const auto* name : {"k2048", "202413", "202400", "20240532", "190001", "1202401", "12024.01", "s1",
                           "99", "202405mail", "2024key", "20240518a"})
    EXPECT_EQ(next(name), std::string(name) + "-20261124");
}

TEST_F(NextSelector, AddsALetterIfTheNameIsTaken) {
  take("202611");
  EXPECT_EQ(next("202401"), "202611b");
  EXPECT_EQ(next("202611"), "202611b");
  take("202611b");
  EXPECT_EQ(next("202611b"), "202611c");
}

// A slot leads elsewhere, and its next key is another's, whether or not it has had one.
TEST_F(NextSelector, IsNeverASlot) {
  used_.slots.push_back({selector("server-20261124"), Algorithm::ed25519, "t1.hoster.example"});
  used_.slots.push_back({selector("server-20261124b"), Algorithm::rsa, {}, true});
  EXPECT_EQ(next("server"), "server-20261124c");
  set_pattern("k");
  used_.slots.push_back({selector("k"), Algorithm::ed25519});
  EXPECT_EQ(next("server"), "kb");
}

TEST_F(NextSelector, IsNeverUsedTwice) {
  for (const std::string old : {"server", "202611", "2026"}) {
    std::set<std::string> seen;
    for (int i = 0; i < 700; ++i) {
      const auto name = next(old);
      ASSERT_TRUE(seen.insert(name).second) << name;
      take(name);
    }
  }
}

TEST_F(NextSelector, FollowsAPattern) {
  set_pattern("%stem%-%year%%month%");
  EXPECT_EQ(next("server"), "server-202611");
  EXPECT_EQ(next("server-202405"), "server-202611");
  EXPECT_EQ(next("server-202405b"), "server-202611");
  // A date in another form is none of the stem's.
  EXPECT_EQ(next("server-20260528"), "server-202611");
  EXPECT_EQ(next("202401"), "202611");
  set_pattern("%stem%%year%%month%");
  EXPECT_EQ(next("server-20260528"), "server202611");
  EXPECT_EQ(next("server202405"), "server202611");
  set_pattern("%stem%%year%");
  EXPECT_EQ(next("server-20260528"), "server2026");
  set_pattern("k%date%.%stem%.%algorithm%");
  algorithm_ = Algorithm::ed25519;
  EXPECT_EQ(next("server"), "k20261124.server.ed25519");
  EXPECT_EQ(next("k20260101.server.ed25519"), "k20261124.server.ed25519");
  set_pattern(std::string(50, 'k') + "-%stem%-%date%");
  EXPECT_EQ(next("server"), std::string(50, 'k') + "-ser-20261124");
  set_pattern("k%year%");
  EXPECT_EQ(next("server"), "k2026");
}

// "x" repeated has one label; the date needs room in it.
TEST_F(NextSelector, ShortensTheStem) {
  EXPECT_EQ(next(std::string(63, 'x')), std::string(54, 'x') + "-20261124");
  take(std::string(54, 'x') + "-20261124");
  EXPECT_EQ(next(std::string(63, 'x')), std::string(53, 'x') + "-20261124b");
  EXPECT_EQ(next(std::string(50, 'x') + "---" + std::string(10, 'y')),
            std::string(50, 'x') + "---y-20261124");
  EXPECT_EQ(next(std::string(53, 'x') + "-" + std::string(9, 'y')), std::string(53, 'x') + "-20261124");
}

TEST_F(NextSelector, LeavesRoomForTheDomain) {
  naming_.most_bytes = 12;
  EXPECT_EQ(next("server"), "ser-20261124");
  naming_.most_bytes = 8;
  EXPECT_EQ(next("server"), "20261124");
  // There is no room for a date.
  naming_.most_bytes = 2;
  EXPECT_EQ(next("s"), "k");
  take("k");
  EXPECT_EQ(next("s"), "kb");
  naming_.most_bytes = 1;
  EXPECT_EQ(next("s"), "no selector is left that fits into 1 bytes");
}

TEST(LongestSelector, MakesARecordsNameOf253Bytes) {
  EXPECT_EQ(longest_selector(*canon::DomainName::parse("example.com")), 253U - 12 - 11);
  const std::string label(60, 'a');
  const auto domain = label + "." + label + "." + label + "." + std::string(57, 'a');
  ASSERT_EQ(domain.size(), 240U);
  EXPECT_EQ(longest_selector(*canon::DomainName::parse(domain)), 1U);
  EXPECT_EQ(longest_selector(*canon::DomainName::parse(domain + "aaa")), 0U);
}

}  // namespace
}  // namespace dkim::keytool
