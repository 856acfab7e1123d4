// Tests that everything in which two sides of a domain differ is named, with both sides.
#include "keytool/fleet/domain_difference.hpp"

#include <gtest/gtest.h>

#include "tests/crypto/test_store.hpp"

namespace dkim::keytool::fleet {
namespace {

using crypto::KeyState;
using test::selector;

const crypto::UtcTime early = *crypto::parse_utc_time("2026-11-01T00:00:00Z");
const crypto::UtcTime late = *crypto::parse_utc_time("2026-11-20T00:00:00Z");

crypto::KeyEntry entry(std::string_view name, KeyState state) {
  crypto::KeyEntry entry{selector(name), crypto::Algorithm::ed25519, 256, state, early};
  if (state == KeyState::active) entry.activated = early;
  return entry;
}

DomainSide side(std::vector<crypto::KeyEntry> keys, const std::string& digest = "aa") {
  DomainSide side;
  for (auto& key : keys) {
    side.keys.push_back(key.state == KeyState::revoked ? "" : digest);
    side.manifest.keys.push_back(std::move(key));
  }
  return side;
}

std::string only_line(const DomainSide& here, const DomainSide& there) {
  const auto lines = differences_between(here, there);
  EXPECT_EQ(lines.size(), 1u);
  return lines.empty() ? "" : lines.front();
}

TEST(DomainDifference, equal_sides_have_none) {
  const auto one = side({entry("a", KeyState::active), entry("b", KeyState::revoked)});
  EXPECT_TRUE(differences_between(one, one).empty());
}

TEST(DomainDifference, a_key_on_one_side) {
  const auto both = side({entry("a", KeyState::active), entry("b", KeyState::pending)});
  const auto one = side({entry("a", KeyState::active)});
  EXPECT_EQ(only_line(both, one), "b: only here, pending (created 2026-11-01T00:00:00Z)");
  EXPECT_EQ(only_line(one, both), "b: only in the fleet, pending (created 2026-11-01T00:00:00Z)");
}

TEST(DomainDifference, states_and_times) {
  auto retired = entry("a", KeyState::retiring);
  retired.activated = early;
  retired.retired = late;
  EXPECT_EQ(only_line(side({entry("a", KeyState::active)}), side({retired})),
            "a: here active (created 2026-11-01T00:00:00Z, activated 2026-11-01T00:00:00Z); in the fleet "
            "retiring (created "
            "2026-11-01T00:00:00Z, activated 2026-11-01T00:00:00Z, retired 2026-11-20T00:00:00Z)");
  auto published = entry("a", KeyState::pending);
  published.published = late;
  EXPECT_EQ(only_line(side({entry("a", KeyState::pending)}), side({published})),
            "a: here pending (created 2026-11-01T00:00:00Z); in the fleet pending (created "
            "2026-11-01T00:00:00Z, published "
            "2026-11-20T00:00:00Z)");
}

TEST(DomainDifference, two_keys_of_one_name) {
  const auto line =
      only_line(side({entry("a", KeyState::active)}, "aa"), side({entry("a", KeyState::active)}, "bb"));
  EXPECT_TRUE(line.starts_with("a: two different keys have this name: here ed25519 active")) << line;
  EXPECT_NE(line.find("key aa; in the fleet"), std::string::npos);
  EXPECT_TRUE(line.ends_with("key bb"));
}

TEST(DomainDifference, what_belongs_to_the_domain) {
  const auto one = side({entry("a", KeyState::active)});
  auto flags = one;
  flags.manifest.record.test = true;
  EXPECT_NE(only_line(flags, one).find("t=y yes"), std::string::npos);
  auto subdomains = one;
  subdomains.manifest.subdomains = false;
  EXPECT_NE(only_line(one, subdomains).find("in the fleet subdomains no"), std::string::npos);
  auto slots = one;
  slots.manifest.slots.push_back({selector("a"), crypto::Algorithm::rsa, "a.example.net", true});
  EXPECT_EQ(only_line(one, slots), "slots: here none; in the fleet a (rsa at a.example.net, closed)");
  auto replaces = one;
  replaces.manifest.keys[0].replaces = {{selector("z"), 2}};
  EXPECT_EQ(only_line(one, replaces), "a: here it replaces (); in the fleet (z+2)");
}

// Whatever differs: no two sides that are not equal pass for equal.
TEST(DomainDifference, the_order_alone) {
  const auto one = side({entry("a", KeyState::active), entry("b", KeyState::active)});
  const auto other = side({entry("b", KeyState::active), entry("a", KeyState::active)});
  EXPECT_EQ(only_line(one, other), "the two manifests are not the same");
}

}  // namespace
}  // namespace dkim::keytool::fleet
