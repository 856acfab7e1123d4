#include "crypto/store/manifest.hpp"

#include <gtest/gtest.h>

#include "crypto/error.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::crypto {
namespace {

using test::selector;

UtcTime time(std::string_view text) {
  return *parse_utc_time(text);
}

Manifest full_manifest() {
  Manifest manifest;
  manifest.subdomains = false;
  manifest.record = {
      .strict = true, .test = true, .email_only = true, .hashes = "sha256", .note = "a \"note\"; \\"};
  manifest.keys.push_back({selector("old"), Algorithm::rsa, 1024, KeyState::revoked,
                           time("2025-01-01T00:00:00Z"), time("2025-01-02T00:00:00Z"),
                           time("2026-01-01T00:00:00Z"), time("2026-01-08T00:00:00Z")});
  manifest.keys.push_back({selector("server.x"),
                           Algorithm::rsa,
                           2048,
                           KeyState::active,
                           time("2026-01-01T00:00:00Z"),
                           time("2026-01-01T00:00:01Z"),
                           {},
                           {}});
  manifest.keys.push_back({selector("next"),
                           Algorithm::ed25519,
                           256,
                           KeyState::pending,
                           time("2026-11-24T06:00:00Z"),
                           {},
                           {},
                           {}});
  manifest.keys.back().replaces = {selector("old"), selector("server.x")};
  manifest.keys.push_back({selector("gone"),
                           Algorithm::ed25519,
                           256,
                           KeyState::retiring,
                           time("2026-11-24T06:00:00Z"),
                           {},
                           time("2026-11-25T06:00:00Z"),
                           {}});
  manifest.keys.back().stopped = time("2026-11-25T06:00:03Z");
  return manifest;
}

void expect_equal(const Manifest& a, const Manifest& b) {
  EXPECT_EQ(a.subdomains, b.subdomains);
  EXPECT_EQ(a.record, b.record);
  ASSERT_EQ(a.keys.size(), b.keys.size());
  for (std::size_t i = 0; i < a.keys.size(); ++i) {
    const auto& x = a.keys[i];
    const auto& y = b.keys[i];
    EXPECT_EQ(std::tie(x.selector, x.algorithm, x.bits, x.state, x.created, x.activated, x.retired, x.stopped,
                       x.revoked, x.replaces),
              std::tie(y.selector, y.algorithm, y.bits, y.state, y.created, y.activated, y.retired, y.stopped,
                       y.revoked, y.replaces));
  }
}

TEST(ManifestTest, AKeyStandsForTheKeysThatItReplaced) {
  Manifest manifest;
  const auto add = [&](std::string_view name, std::vector<KeyId> replaces) {
    manifest.keys.push_back({.selector = selector(name), .replaces = std::move(replaces)});
  };
  add("a", {});
  add("b", {});
  add("c", {selector("a"), selector("b")});
  add("d", {selector("c"), selector("lost")});
  add("e", {selector("f")});
  add("f", {selector("e")});
  const auto stands_for = [&](std::string_view key, std::string_view other) {
    return manifest.stands_for(*manifest.find(selector(key)), selector(other));
  };
  for (const auto* older : {"a", "b", "c", "d"})
    EXPECT_TRUE(stands_for("d", older)) << older;
  EXPECT_FALSE(stands_for("c", "d"));
  EXPECT_FALSE(stands_for("a", "b"));
  // The search also ends for two keys that replace each other, in a file that somebody edited.
  EXPECT_TRUE(stands_for("e", "f"));
  EXPECT_FALSE(stands_for("e", "a"));
}

// In a slot one key follows another: a rule means all of them, but a turn only one.
TEST(ManifestTest, AKeySucceedsOneKeyOfASlot) {
  Manifest manifest;
  manifest.keys.push_back({.selector = selector("s2"), .replaces = {{selector("s1"), 3}}});
  manifest.keys.push_back({.selector = selector("s1"), .use = 4, .replaces = {selector("x")}});
  const auto& key = *manifest.find(selector("s2"));
  EXPECT_TRUE(manifest.stands_for(key, selector("s1")));
  EXPECT_TRUE(manifest.succeeds(key, {selector("s1"), 3}));
  EXPECT_FALSE(manifest.succeeds(key, {selector("s1"), 4}));
  // The key that replaced x is a later one.
  EXPECT_FALSE(manifest.stands_for(key, selector("x")));
  EXPECT_TRUE(manifest.succeeds(key, key.id()));
}

// Returns a manifest with one key, in which one text is replaced by another.
std::string altered(std::string_view from, std::string_view to) {
  std::string text =
      "format = 1;\n"
      "subdomains = true;\n"
      "record : { strict = false; note = \"x\"; };\n"
      "keys = ( {\n"
      "  selector = \"server\";\n"
      "  algorithm = \"rsa\";\n"
      "  bits = 2048;\n"
      "  state = \"active\";\n"
      "  created = \"2026-11-24T06:00:00Z\";\n"
      "} );\n";
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string refusal(std::string_view text) {
  return test::message_of<SettingsError>([&] { parse_manifest(text, "keys.conf"); });
}

TEST(ManifestTest, RoundTrip) {
  expect_equal(parse_manifest(write_manifest(full_manifest()), "x"), full_manifest());
  expect_equal(parse_manifest(write_manifest(Manifest{}), "x"), Manifest{});
}

TEST(ManifestTest, NotesOfAnyBytes) {
  Manifest manifest;
  for (int octet = 1; octet < 256; ++octet)
    manifest.record.note += static_cast<char>(octet);
  expect_equal(parse_manifest(write_manifest(manifest), "x"), manifest);
}

TEST(ManifestTest, DefaultsOfMissingSettings) {
  const auto manifest = parse_manifest("format = 1; keys = ();", "x");
  expect_equal(manifest, Manifest{});
  EXPECT_TRUE(manifest.subdomains);
}

TEST(ManifestTest, Find) {
  const auto manifest = full_manifest();
  EXPECT_EQ(manifest.find(selector("next")), &manifest.keys[2]);
  EXPECT_EQ(manifest.find(selector("NEXT")), &manifest.keys[2]);
  EXPECT_EQ(manifest.find(selector("nex")), nullptr);
}

struct Damage {
  const char* from;
  const char* to;
  const char* place;
  const char* what;
};

void PrintTo(const Damage& damage, std::ostream* out) {
  *out << damage.what;
}

class DamagedManifestTest : public testing::TestWithParam<Damage> {};

TEST_P(DamagedManifestTest, IsRefusedWithFileAndLine) {
  const auto text = refusal(altered(GetParam().from, GetParam().to));
  EXPECT_TRUE(text.starts_with(std::string("keys.conf:") + GetParam().place)) << text;
  EXPECT_NE(text.find(GetParam().what), std::string::npos) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Each, DamagedManifestTest,
    testing::Values(Damage{"format = 1;", "", "1: ", "\"format\" is missing"},
                    Damage{"format = 1", "format = 2", "1: ", "\"format\" is 2"},
                    Damage{"format = 1", "format = \"1\"", "1: ", "\"format\" is a text"},
                    Damage{"subdomains = true", "subdomains = 1", "2: ", "\"subdomains\" is a number"},
                    Damage{"subdomains", "subdomain", "2: ", "unknown setting \"subdomain\""},
                    Damage{"strict", "Strict", "3: ", "unknown setting \"Strict\""},
                    Damage{"note = \"x\"", "note = 1", "3: ", "\"note\" is a number"},
                    Damage{"note = \"x\"", "hashes = \"sha256; p=\"", "3: ", "\"hashes\" is not a list"},
                    Damage{"keys", "key", "1: ", "\"keys\" is missing"},
                    Damage{"= ( {", "= ( \"x\", {", "4: ", "\"keys[0]\" is a text"},
                    Damage{"selector = \"server\";", "", "4: ", "\"selector\" is missing"},
                    Damage{"\"server\"", "\"../server\"", "5: ", "the selector is"},
                    Damage{"\"server\"", "\"\"", "5: ", "the selector is an empty name"},
                    Damage{"\"rsa\"", "\"dsa\"", "6: ", "unknown algorithm; rsa or ed25519"},
                    Damage{"\"rsa\"", "\"ed25519\"", "7: ", "\"bits\" is 2048"},
                    Damage{"2048", "512", "7: ", "\"bits\" is 512"},
                    Damage{"2048", "99999999999", "7: ", "\"bits\" is"},
                    Damage{"2048", "2048.0", "7: ", "\"bits\" is a number with a fraction"},
                    Damage{"bits = 2048;", "", "4: ", "\"bits\" is missing"},
                    Damage{"\"active\"", "\"Active\"", "8: ", "unknown state"},
                    Damage{"T06", " 06", "9: ", "\"created\" is not a UTC time"},
                    Damage{"created", "activated", "4: ", "\"created\" is missing"},
                    Damage{"};\nkeys", "}\n}\nkeys", "4: ", "syntax error"},
                    Damage{"} );\n", "", "", "syntax error"}));

TEST(ManifestTest, ASelectorTwice) {
  auto manifest = full_manifest();
  manifest.keys.push_back(manifest.keys.front());
  EXPECT_NE(refusal(write_manifest(manifest)).find("a selector that is listed twice"), std::string::npos);
}

TEST(ManifestTest, EmptyCutOffOrGarbage) {
  EXPECT_NE(refusal("").find("keys.conf:1: \"format\" is missing"), std::string::npos);
  EXPECT_NE(refusal(std::string("format = 1;\0keys = ();", 22)).find("a NUL byte"), std::string::npos);
  EXPECT_NE(refusal("\xff\xfe\x01"), "(nothing was thrown)");
  const auto whole = write_manifest(full_manifest());
  // A manifest that was cut off anywhere is never taken for a whole one with fewer keys.
  const auto end = whole.find_last_of(';');
  for (std::size_t size = 0; size < end; ++size)
    ASSERT_NE(refusal(whole.substr(0, size)), "(nothing was thrown)") << whole.substr(0, size);
}

// A manifest that is too large to be read is not written: a domain whose manifest is refused signs nothing.
TEST(ManifestTest, ManyKeys) {
  Manifest manifest;
  const auto add = [&](std::size_t number) {
    auto key = full_manifest().keys.front();
    key.selector = selector("server-20261124-" + std::to_string(number));
    key.published = key.activated = key.retired = key.stopped = key.created;
    key.revoked = key.forgotten = key.created;
    key.replaces = {selector("server-20261124-" + std::to_string(number + 1))};
    manifest.keys.push_back(std::move(key));
  };
  while (manifest.keys.size() < 2000)
    add(manifest.keys.size());
  expect_equal(parse_manifest(write_manifest(manifest), "x"), manifest);
  while (manifest.keys.size() < 3000)
    add(manifest.keys.size());
  EXPECT_NE(
      test::message_of<StoreError>([&] { write_manifest(manifest); }).find("more than the 1048576 bytes"),
      std::string::npos);
}

TEST(ManifestTest, IncludesNothing) {
  EXPECT_EQ(refusal("format = 1;\n@include \"/etc\"\nkeys = ();\n"),
            "keys.conf:2: an @include; this file must be whole without others");
}

// libconfig needs seconds for such a file, and would need them for each message.
TEST(ManifestTest, ManySettings) {
  std::string text = "format = 1;\nkeys = ();\n";
  for (int i = 0; i < 60'000; ++i)
    text += "s" + std::to_string(i) + " = 1;\n";
  EXPECT_EQ(refusal(text), "keys.conf:201: more than 200 settings in one group; no group has so many");
}

TEST(ManifestTest, DeepNesting) {
  EXPECT_NE(refusal("format = 1; keys = " + std::string(100'000, '(')), "(nothing was thrown)");
}

}  // namespace
}  // namespace dkim::crypto
