#include "crypto/settings/slot_target.hpp"

#include <gtest/gtest.h>

namespace dkim::crypto {
namespace {

std::string refusal(std::string_view pattern) {
  const auto target = SlotTarget::parse(pattern);
  return target ? "" : target.refusal().reason;
}

std::string name(std::string_view pattern, std::string_view selector, std::string_view domain) {
  const auto name =
      SlotTarget::parse(pattern)->name(*canon::Selector::parse(selector), *canon::DomainName::parse(domain));
  return name ? *name : name.refusal().reason;
}

constexpr std::string_view usual = "%selector%.%domain%.dkim.hoster.example";

TEST(SlotTarget, MakesANameForEachSlot) {
  EXPECT_EQ(name(usual, "s1", "shop.example"), "s1.shop.example.dkim.hoster.example");
  EXPECT_EQ(name("%domain%.k-%selector%.Hoster.EXAMPLE.", "s1", "a.b.example"),
            "a.b.example.k-s1.hoster.example");
  EXPECT_EQ(name("x%domain%._domainkey.%selector%._x.lan", "s1", "a.b"), "xa.b._domainkey.s1._x.lan");
}

TEST(SlotTarget, RefusesWhatMakesNoNames) {
  EXPECT_EQ(refusal("%domain%.example"), "%selector% is missing: slots would share a name");
  EXPECT_EQ(refusal("%selector%.example"), "%domain% is missing: slots would share a name");
  EXPECT_EQ(refusal("%Selector%.%domain%.example"), "%selector% is missing: slots would share a name");
  for (const auto* pattern : {"%selector%.%domain%.%selector%.example", "%selector%.%domain%.%date%.example",
                              "%selector%.%domain%.100%.example"})
    EXPECT_EQ(refusal(pattern), "it has a % beside one %selector% and one %domain%") << pattern;
  EXPECT_EQ(refusal("%selector%..%domain%.example"), "it makes an empty label");
  EXPECT_EQ(refusal("-%selector%.%domain%.example"), "it makes a label that begins or ends with -");
  EXPECT_EQ(refusal("%selector%.%domain%.exa mple"), "it makes a byte other than letters, digits, - and _");
  EXPECT_EQ(refusal("%selector%.%domain%.\r\nx"), "it makes a byte other than letters, digits, - and _");
  EXPECT_EQ(refusal("%selector%.%domain%." + std::string(64, 'x')), "it makes a label longer than 63 bytes");
}

// Otherwise what is published for one domain would replace the key of another.
TEST(SlotTarget, GivesNoTwoSlotsTheSameName) {
  for (const auto* pattern :
       {"%selector%-%domain%.example", "%selector%%domain%.example", "%domain%_%selector%.example"}) {
    EXPECT_EQ(refusal(pattern),
              "%selector% and %domain% are in one label: slots of two domains could share a name")
        << pattern;
  }
  // As s1 of a.shop.example.
  EXPECT_EQ(name(usual, "s1.a", "shop.example"),
            "a selector with a dot: slots of two domains could share a name");
}

TEST(SlotTarget, LeadsToAZoneForAllDomains) {
  for (const auto* pattern : {"%selector%.%domain%", "%domain%.%selector%", "%selector%.dkim.%domain%.",
                              "%selector%.%domain%x.example"})
    EXPECT_EQ(refusal(pattern), "it must end with a zone of yours, for all domains") << pattern;
}

TEST(SlotTarget, LeadsOutOfTheDomain) {
  const auto below = "a name below the domain itself: where its DNS is yours, use ordinary selectors";
  EXPECT_EQ(name(usual, "s1", "hoster.example"), below);
  EXPECT_EQ(name(usual, "s1", "dkim.hoster.example"), below);
  EXPECT_EQ(name(usual, "s1", "oster.example"), "s1.oster.example.dkim.hoster.example");
  EXPECT_EQ(name(usual, "s1", "www.hoster.example"), "s1.www.hoster.example.dkim.hoster.example");
}

TEST(SlotTarget, FitsIntoDns) {
  const std::string label(63, 'a');
  const auto domain = label + "." + label + "." + label + ".example";
  ASSERT_EQ(domain.size(), 199U);
  const std::string_view zone = ".dkim.hoster.example";
  const auto room = 253 - domain.size() - zone.size() - 1;
  EXPECT_EQ(name(usual, std::string(room, 's'), domain).size(), 253U);
  EXPECT_EQ(name(usual, std::string(room + 1, 's'), domain), "a name longer than 253 bytes");
  EXPECT_EQ(name("k%selector%.%domain%.example", std::string(63, 's'), "a.example"),
            "a label longer than 63 bytes");
}

}  // namespace
}  // namespace dkim::crypto
