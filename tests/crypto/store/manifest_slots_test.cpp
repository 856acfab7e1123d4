#include <gtest/gtest.h>

#include "crypto/error.hpp"
#include "crypto/store/manifest.hpp"
#include "crypto/store/published_record.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::crypto {
namespace {

using test::selector;

std::string with_slots(const std::string& slots) {
  return "format = 1;\nkeys = ( );\nslots = ( " + slots + " );\n";
}

TEST(ManifestSlotsTest, RoundTrip) {
  Manifest manifest;
  manifest.slots = {{selector("s1"), Algorithm::rsa, "s1.shop.example.dkim.hoster.example"},
                    {selector("s2"), Algorithm::rsa, {}},
                    {selector("e1"), Algorithm::ed25519, "e1.example", true}};
  const auto read = parse_manifest(write_manifest(manifest), "keys.conf");
  EXPECT_EQ(read.slots, manifest.slots);
  EXPECT_TRUE(read.is_slot(selector("e1")));
  EXPECT_FALSE(read.is_slot(selector("e2")));
}

TEST(ManifestSlotsTest, KeysOfASlot) {
  Manifest manifest;
  manifest.keys.push_back({.selector = selector("s1"),
                           .bits = 2048,
                           .state = KeyState::revoked,
                           .emptied = *parse_utc_time("2026-11-24T06:00:00Z"),
                           .memory = std::chrono::seconds(0x7fffffff),
                           .use = 3,
                           .replaces = {selector("old"), {selector("s2"), 2}}});
  manifest.slots = {{selector("s1"), Algorithm::rsa}};
  EXPECT_EQ(parse_manifest(write_manifest(manifest), "keys.conf"), manifest);
}

TEST(ManifestSlotsTest, WrongNumbersOfKeys) {
  const auto refused = [](const std::string& replaced) {
    return test::message_of<SettingsError>([&] {
      parse_manifest(
          "format = 1;\nkeys = ( { selector = \"s\"; algorithm = \"rsa\"; bits = 2048; state = "
          "\"active\"; created = \"2026-11-24T06:00:00Z\";\nreplaces = ( \"" +
              replaced + "\" ); } );\n",
          "keys.conf");
    });
  };
  for (const auto* wrong : {"s1+", "s1+0", "s1+-1", "s1+x", "s1+2x", "s1+99999999999999999999", "s1+1000001"})
    EXPECT_EQ(refused(wrong), "keys.conf:3: no number of a key after the +; such as \"s1+2\"") << wrong;
  EXPECT_EQ(refused("+2").substr(0, 12), "keys.conf:3:");
}

// A closed slot keeps its target: that is where the empty record of its last key belongs.
TEST(ManifestSlotsTest, WhereRecordsArePublished) {
  const auto manifest = parse_manifest(
      with_slots(R"({ selector = "s1"; algorithm = "rsa"; target = "S1.Elsewhere.example"; closed = true; },
                    { selector = "s2"; algorithm = "rsa"; })"),
      "keys.conf");
  const auto domain = *canon::DomainName::parse("shop.example");
  EXPECT_EQ(publication_name(manifest, selector("s1"), domain), "s1.elsewhere.example");
  EXPECT_EQ(publication_name(manifest, selector("s2"), domain), "s2._domainkey.shop.example");
  EXPECT_EQ(publication_name(manifest, selector("x"), domain), "x._domainkey.shop.example");
}

struct DamagedSlot {
  const char* slots;
  const char* error;
};

class DamagedSlotTest : public testing::TestWithParam<DamagedSlot> {};

TEST_P(DamagedSlotTest, IsRefusedWithFileAndLine) {
  const auto message =
      test::message_of<SettingsError>([] { parse_manifest(with_slots(GetParam().slots), "keys.conf"); });
  EXPECT_TRUE(message.starts_with("keys.conf:3: ")) << message;
  EXPECT_NE(message.find(GetParam().error), std::string::npos) << message;
}

INSTANTIATE_TEST_SUITE_P(
    Manifest, DamagedSlotTest,
    testing::Values(
        DamagedSlot{R"({ algorithm = "rsa"; })", "\"selector\" is missing"},
        DamagedSlot{R"({ selector = "../x"; algorithm = "rsa"; })", "selector"},
        DamagedSlot{R"({ selector = "s1"; })", "\"algorithm\" is missing"},
        DamagedSlot{R"({ selector = "s1"; algorithm = "dsa"; })", "unknown algorithm"},
        DamagedSlot{R"({ selector = "s1"; algorithm = "rsa"; target = "a\nb.example"; })",
                    "\"target\" is not a name in DNS"},
        DamagedSlot{R"({ selector = "s1"; algorithm = "rsa"; target = ""; })",
                    "\"target\" is not a name in DNS"},
        DamagedSlot{R"({ selector = "s1"; algorithm = "rsa"; closed = 1; })", "closed"},
        DamagedSlot{R"({ selector = "s1"; algorithm = "rsa"; open = true; })", "open"},
        DamagedSlot{R"({ selector = "s1"; algorithm = "rsa"; }, { selector = "S1"; algorithm = "ed25519"; })",
                    "a slot that is listed twice"}));

}  // namespace
}  // namespace dkim::crypto
