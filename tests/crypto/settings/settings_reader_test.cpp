#include "crypto/settings/settings_reader.hpp"

#include <gtest/gtest.h>

#include "crypto/error.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::crypto {
namespace {

// Returns the error of reading a text in this way.
template <typename Function>
std::string refusal(std::string_view text, Function&& read) {
  return test::message_of<SettingsError>([&] {
    const auto file = SettingsFile::parse(text, "test.conf");
    auto root = file.root();
    read(root);
  });
}

TEST(SettingsReaderTest, Values) {
  const auto file = SettingsFile::parse(
      "text = \"a\\nb\"; yes = true; number = 5; large = 5000000000L; list = (\"a\", \"b\"); array = "
      "[\"c\"];\n"
      "empty = (); group = { inner = \"x\"; }; groups = ( { inner = \"y\"; } );",
      "test.conf");
  auto root = file.root();
  EXPECT_EQ(root.text("text")->text, "a\nb");
  EXPECT_EQ(root.text("text")->place, "test.conf:1");
  EXPECT_EQ(root.boolean("yes"), true);
  EXPECT_EQ(root.integer("number", 0, 10), 5);
  EXPECT_EQ(root.integer("large", 0, 6'000'000'000), 5'000'000'000);
  EXPECT_EQ(root.texts("list")->at(1).text, "b");
  EXPECT_EQ(root.texts("array")->at(0).text, "c");
  EXPECT_TRUE(root.texts("empty")->empty());
  EXPECT_EQ(root.group("group")->required_text("inner").text, "x");
  EXPECT_EQ(root.groups("groups")->front().text("inner")->place, "test.conf:2");
  EXPECT_FALSE(root.text("absent"));
  EXPECT_FALSE(root.boolean("absent"));
  EXPECT_FALSE(root.integer("absent", 0, 1));
  EXPECT_FALSE(root.texts("absent"));
  EXPECT_FALSE(root.groups("absent"));
  EXPECT_FALSE(root.group("absent"));
  EXPECT_NO_THROW(root.reject_unknown());
}

TEST(SettingsReaderTest, WrongTypesNameThePlaceAndTheRightForm) {
  EXPECT_EQ(refusal("\na = 1;", [](auto& root) { root.text("a"); }),
            "test.conf:2: \"a\" is a number; it must be a text in quotes");
  EXPECT_EQ(refusal("a = \"true\";", [](auto& root) { root.boolean("a"); }),
            "test.conf:1: \"a\" is a text; it must be true or false, without quotes");
  EXPECT_EQ(refusal("a = true;", [](auto& root) { root.integer("a", 1, 5); }),
            "test.conf:1: \"a\" is true or false; it must be a whole number from 1 to 5");
  EXPECT_EQ(refusal("a = 6;", [](auto& root) { root.integer("a", 1, 5); }),
            "test.conf:1: \"a\" is 6; it must be a whole number from 1 to 5");
  EXPECT_EQ(refusal("a = \"x\";", [](auto& root) { root.texts("a"); }),
            "test.conf:1: \"a\" is a text; it must be a list of texts ( \"a\", \"b\" )");
  EXPECT_EQ(refusal("a = ( \"x\",\n 1 );", [](auto& root) { root.texts("a"); }),
            "test.conf:2: \"a[1]\" is a number; it must be a text in quotes");
  EXPECT_EQ(refusal("a = ( \"x\" );", [](auto& root) { root.groups("a"); }),
            "test.conf:1: \"a[0]\" is a text; it must be a group { ... }");
  EXPECT_EQ(refusal("a = { };", [](auto& root) { root.groups("a"); }),
            "test.conf:1: \"a\" is a group { ... }; it must be a list of groups ( { ... }, { ... } )");
  EXPECT_EQ(refusal("a = ( );", [](auto& root) { root.group("a"); }),
            "test.conf:1: \"a\" is a list ( ... ); it must be a group { ... }");
  EXPECT_EQ(refusal("a = 1.5;", [](auto& root) { root.integer("a", 1, 5); }),
            "test.conf:1: \"a\" is a number with a fraction; it must be a whole number from 1 to 5");
  EXPECT_EQ(refusal("", [](auto& root) { root.required_text("a"); }).substr(0, 10), "test.conf:");
}

TEST(SettingsReaderTest, UnknownSettings) {
  EXPECT_EQ(refusal("a = 1;\nb = 2;\n",
                    [](auto& root) {
                      root.integer("a", 0, 5);
                      root.text("c");
                      root.reject_unknown();
                    }),
            "test.conf:2: unknown setting \"b\"; known here: a, c");
}

TEST(SettingsReaderTest, SyntaxErrors) {
  EXPECT_EQ(refusal("a = 1;\nb = ;\n", [](auto&) {}),
            "test.conf:2: syntax error; the form is: name = value;");
  EXPECT_NE(refusal("a = 1; a = 2;", [](auto&) {}).find("duplicate setting name"), std::string::npos);
  EXPECT_NE(refusal(std::string_view("a = 1;\0", 7), [](auto&) {}).find("NUL"), std::string::npos);
}

TEST(SettingsReaderTest, FilesThatCannotBeRead) {
  const test::TemporaryDirectory directory;
  const auto absent = directory.path() / "absent.conf";
  EXPECT_EQ(test::message_of<SettingsError>([&] { SettingsFile::read(absent); }),
            absent.string() + ": cannot be read; check that it exists and its permissions");
  EXPECT_EQ(test::message_of<SettingsError>([&] { SettingsFile::read(directory.path()); }),
            directory.path().string() + " is not a regular file");
}

TEST(SettingsReaderTest, IncludedFilesAreNamedInErrors) {
  const test::TemporaryDirectory directory;
  test::write_file(directory.path() / "main.conf", "@include \"more.conf\"\nb = 1;\n");
  test::write_file(directory.path() / "more.conf", "\n\na = 1;\n");
  const auto file = SettingsFile::read(directory.path() / "main.conf");
  auto root = file.root();
  const auto text = test::message_of<SettingsError>([&] { root.text("a"); });
  EXPECT_NE(text.find("more.conf:3: "), std::string::npos) << text;
}

TEST(AlternativesTest, AsAPersonWouldListThem) {
  EXPECT_EQ(alternatives({"a"}), "a");
  EXPECT_EQ(alternatives({"a", "b"}), "a or b");
  EXPECT_EQ(alternatives({"a", "b", "c"}), "a, b or c");
}

}  // namespace
}  // namespace dkim::crypto
