#include "crypto/settings/settings_text.hpp"

#include <gtest/gtest.h>

#include "crypto/settings/settings_reader.hpp"

namespace dkim::crypto {
namespace {

TEST(SettingsText, StringsAreEscaped) {
  EXPECT_EQ(settings_string(""), "\"\"");
  EXPECT_EQ(settings_string("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(settings_string("\n\x7f"), "\"\\x0a\\x7f\"");
}

TEST(SettingsText, AnyTextReadsBackTheSame) {
  std::string all;
  for (int byte = 1; byte < 256; ++byte)
    all += static_cast<char>(byte);
  const auto file = SettingsFile::parse(SettingsWriter().add_string("text", all).lines(), "x");
  EXPECT_EQ(file.root().text("text")->text, all);
}

TEST(SettingsText, ListsAndGroups) {
  EXPECT_EQ(settings_list({}), "( )");
  EXPECT_EQ(settings_list({"1", "2"}), "( 1, 2 )");
  EXPECT_EQ(settings_strings({"a", "b"}), "( \"a\", \"b\" )");
  SettingsWriter group;
  group.add_string("name", "x").add_integer("number", -5).add_boolean("yes", true).add_strings("list", {"a"});
  EXPECT_EQ(group.group(), "{ name = \"x\"; number = -5; yes = true; list = ( \"a\" ); }");
  EXPECT_EQ(group.lines(), "name = \"x\";\nnumber = -5;\nyes = true;\nlist = ( \"a\" );\n");
  EXPECT_EQ(SettingsWriter().add_integer("a", 1).add_integer("b", 2).block(2),
            "{\n    a = 1;\n    b = 2;\n  }");
}

}  // namespace
}  // namespace dkim::crypto
