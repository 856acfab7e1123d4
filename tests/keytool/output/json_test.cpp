#include "keytool/output/json.hpp"

#include <gtest/gtest.h>

namespace dkim::keytool {
namespace {

TEST(JsonStringTest, Escapes) {
  EXPECT_EQ(json_string(""), "\"\"");
  EXPECT_EQ(json_string("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
  EXPECT_EQ(json_string(std::string("\0\x01\n\t\x1f\x7f", 6)),
            "\"\\u0000\\u0001\\u000a\\u0009\\u001f\\u007f\"");
  EXPECT_EQ(json_string("m\xc3\xbc\xf0\x9f\x93\xa7"), "\"m\xc3\xbc\xf0\x9f\x93\xa7\"");
}

TEST(JsonStringTest, AlwaysUtf8) {
  EXPECT_EQ(json_string("a\xff\xc3"), "\"a\xef\xbf\xbd\xef\xbf\xbd\"");
  EXPECT_EQ(json_string("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST(JsonArrayTest, OneObjectPerLine) {
  EXPECT_EQ(json_array({}), "[]\n");
  JsonObject first;
  first.text("a", "x");
  first.number("b", -5);
  first.boolean("c", false);
  first.null("d");
  first.optional_text("e", std::nullopt);
  first.optional_text("f", "y");
  EXPECT_EQ(
      json_array({first, JsonObject()}),
      "[\n  {\"a\": \"x\", \"b\": -5, \"c\": false, \"d\": null, \"e\": null, \"f\": \"y\"},\n  {}\n]\n");
}

}  // namespace
}  // namespace dkim::keytool
