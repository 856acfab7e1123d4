#include "crypto/store/membership.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <limits>

#include "crypto/error.hpp"
#include "crypto/trusted_path.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::crypto {
namespace {

using test::message_of;
using test::names_in;
using test::read_file;
using test::write_file;

const UtcTime noon = *parse_utc_time("2026-11-27T12:00:00Z");

Membership example() {
  return {.fleet = "0b0e1f5c-8d8a-4b54-9b60-0d9a3c1f2e77",
          .host = "mx1.example.com",
          .sequence = 42,
          .mark = "11111111-2222-3333-4444-555555555555",
          .contact = noon};
}

class MembershipTest : public testing::Test {
 protected:
  const KeyStore& store() const { return store_.store(); }
  std::filesystem::path fleet() const { return store_.path(".fleet"); }
  std::filesystem::path lease() const { return store_.path(".lease"); }
  std::string fleet_error() const {
    return message_of<SettingsError>([&] { read_membership(store()); });
  }
  std::string lease_error() const {
    return message_of<SettingsError>([&] { read_lease(store()); });
  }

  test::TestStore store_;
};

TEST_F(MembershipTest, ReadsWhatItWrote) {
  EXPECT_EQ(read_membership(store()), std::nullopt);
  write_membership(store(), example());
  EXPECT_EQ(read_membership(store()), example());
  auto later = example();
  later.sequence = std::numeric_limits<std::int64_t>::max();
  write_membership(store(), later);
  EXPECT_EQ(read_membership(store()), later);
  auto first = example();
  first.sequence = 0;
  first.mark = "";
  write_membership(store(), first);
  EXPECT_EQ(read_membership(store()), first);
}

TEST_F(MembershipTest, ReadsTheLeaseThatItWrote) {
  EXPECT_EQ(read_lease(store()), std::nullopt);
  write_lease(store(), noon);
  EXPECT_EQ(read_lease(store()), noon);
  write_lease(store(), noon + std::chrono::hours(1));
  EXPECT_EQ(read_lease(store()), noon + std::chrono::hours(1));
}

TEST_F(MembershipTest, EndsWithBothFiles) {
  write_lease(store(), noon);
  write_membership(store(), example());
  end_membership(store());
  EXPECT_EQ(read_membership(store()), std::nullopt);
  EXPECT_EQ(read_lease(store()), std::nullopt);
}

TEST_F(MembershipTest, LetsTheDaemonRead) {
  constexpr gid_t group = 12345;
  if (chown(store_.path("").c_str(), static_cast<uid_t>(-1), group) != 0) GTEST_SKIP() << "needs root";
  write_lease(store(), noon);
  write_membership(store(), example());
  for (const auto& path : {fleet(), lease()}) {
    struct stat status = {};
    ASSERT_EQ(lstat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0640U);
    EXPECT_EQ(status.st_gid, group);
  }
}

TEST_F(MembershipTest, TakesOverWhatAKilledWriterLeft) {
  write_file(store_.path("..lease.new"), "half");
  write_file(store_.path("..fleet.new"), "half");
  write_lease(store(), noon);
  write_membership(store(), example());
  EXPECT_EQ(read_lease(store()), noon);
  EXPECT_EQ(names_in(store_.path("")), (std::vector<std::string>{".fleet", ".fleet.lock", ".lease"}));
}

TEST_F(MembershipTest, RefusesADamagedLease) {
  for (const auto* text :
       {"", "format = 1;", "end = \"2026-11-27T12:00:00Z\";", "format = 2; end = \"2026-11-27T12:00:00Z\";",
        "format = 1; end = \"noon\";", "format = 1; end = 5;",
        "format = 1; end = \"2026-11-27T12:00:00Z\"; more = 1;", "format = 1; end = \"2026-11-"}) {
    write_file(lease(), text);
    EXPECT_NE(lease_error().find(".lease:1"), std::string::npos) << text << ": " << lease_error();
  }
}

TEST_F(MembershipTest, RefusesADamagedMembership) {
  write_membership(store(), example());
  const auto good = read_file(fleet());
  const auto changed = [&](const std::string& from, const std::string& to) {
    auto text = good;
    text.replace(text.find(from), from.size(), to);
    write_file(fleet(), text);
    return fleet_error();
  };
  EXPECT_NE(changed("0b0e1f5c", "0B0E1F5C").find("\"fleet\" is not a UUID"), std::string::npos);
  EXPECT_NE(changed("0b0e1f5c-", "0b0e1f5c").find("\"fleet\" is not a UUID"), std::string::npos);
  EXPECT_NE(changed("11111111-2222", "../../../../x").find("\"mark\" is not a UUID"), std::string::npos);
  EXPECT_NE(changed("mx1.example.com", "mx1\\nx").find("\"host\" is not the name"), std::string::npos);
  EXPECT_NE(changed("mx1.example.com", "").find("\"host\" is not the name"), std::string::npos);
  EXPECT_NE(changed("= 42", "= -1").find("sequence"), std::string::npos);
  EXPECT_NE(changed("= 42", "= \"42\"").find("sequence"), std::string::npos);
  EXPECT_NE(changed("2026-11-27T12", "2026-11-27 12").find("\"contact\" is not a UTC time"),
            std::string::npos);
  EXPECT_NE(changed("host", "guest").find("host"), std::string::npos);
  EXPECT_NE(changed("format = 1", "format = 2").find("format"), std::string::npos);
  write_file(fleet(), good);
  EXPECT_EQ(read_membership(store()), example());
}

TEST_F(MembershipTest, ReadsNoMoreThanItMayHave) {
  write_file(lease(), std::string(5000, '#'));
  EXPECT_THROW(read_lease(store()), StoreError);
}

TEST_F(MembershipTest, TrustsNoFilesOfOthers) {
  write_lease(store(), noon);
  ASSERT_EQ(chmod(lease().c_str(), 0666), 0);
  EXPECT_THROW(read_lease(store()), UntrustedPath);
}

TEST_F(MembershipTest, KnowsWhatAMachineMayBeCalled) {
  EXPECT_TRUE(is_fleet_host("mx1"));
  EXPECT_TRUE(is_fleet_host("mx-1_a.example.com"));
  EXPECT_TRUE(is_fleet_host(std::string(253, 'a')));
  for (const auto* name : {"", "mx 1", "mx1\n", "mx/1", "m\xc3\xbc"})
    EXPECT_FALSE(is_fleet_host(name)) << name;
  EXPECT_FALSE(is_fleet_host(std::string(254, 'a')));
}

}  // namespace
}  // namespace dkim::crypto
