#include "crypto/keys/record_text.hpp"

#include <gtest/gtest.h>

namespace dkim::crypto {
namespace {

const NamedRecord short_record{"s._domainkey.example.com", 3600, "v=DKIM1; p="};

std::string joined(const std::vector<std::string>& pieces) {
  std::string out;
  for (const auto& piece : pieces)
    out += piece;
  return out;
}

TEST(TxtStringsTest, HaveAtMost255Bytes) {
  for (const std::size_t size : {0U, 1U, 254U, 255U, 256U, 510U, 511U, 1400U}) {
    const std::string value(size, 'x');
    const auto strings = txt_strings(value);
    EXPECT_EQ(joined(strings), value);
    EXPECT_EQ(strings.size(), size == 0 ? 1 : (size + 254) / 255);
    for (const auto& string : strings)
      EXPECT_LE(string.size(), 255U);
  }
}

TEST(QuotedStringTest, NothingBreaksOut) {
  EXPECT_EQ(quoted_string(""), "\"\"");
  EXPECT_EQ(quoted_string("a\"b"), "\"a\\\"b\"");
  EXPECT_EQ(quoted_string("a\\"), "\"a\\\\\"");
  EXPECT_EQ(quoted_string("a;b"), "\"a;b\"");
  EXPECT_EQ(quoted_string(std::string("\0\n\x7f\xff", 4)), "\"\\000\\010\\127\\255\"");
}

TEST(ZoneTextTest, AbsoluteAndFolded) {
  EXPECT_EQ(zone_text(short_record), "s._domainkey.example.com. 3600 IN TXT (\n\t\"v=DKIM1; p=\" )\n");
  EXPECT_EQ(relative_zone_text(short_record, "s._domainkey"),
            "s._domainkey 3600 IN TXT (\n\t\"v=DKIM1; p=\" )\n");
}

TEST(StringsTextTest, OneLine) {
  EXPECT_EQ(strings_text({"n", 1, std::string(256, 'x')}), "\"" + std::string(255, 'x') + "\" \"x\"\n");
}

TEST(TinydnsTextTest, ColonsAndBackslashesAreOctal) {
  EXPECT_EQ(tinydns_text({"n.example", 60, "t=y:s; n=a\\b\n"}), "'n.example:t=y\\072s; n=a\\134b\\012:60\n");
}

TEST(NsupdateTextTest, ReplacesWhatIsThere) {
  EXPECT_EQ(nsupdate_text(short_record),
            "update delete s._domainkey.example.com. TXT\n"
            "update add s._domainkey.example.com. 3600 TXT \"v=DKIM1; p=\"\n"
            "send\n");
}

}  // namespace
}  // namespace dkim::crypto
