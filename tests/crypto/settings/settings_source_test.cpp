// Tests files that configurations include, and text that must not reach libconfig.
#include "crypto/settings/settings_source.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/error.hpp"
#include "crypto/settings/settings_reader.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::crypto {
namespace {

class SettingsSourceTest : public testing::Test {
 protected:
  std::filesystem::path path(std::string_view name) const { return directory_.path() / name; }
  std::filesystem::path main() const { return path("main.conf"); }
  void write(std::string_view name, std::string_view text) const { test::write_file(path(name), text); }

  // Returns the error without the name of the directory, which differs each time.
  std::string refusal() const {
    auto text = test::message_of<SettingsError>([&] { SettingsFile::read(main()); });
    const auto prefix = directory_.path().string() + "/";
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix))
      text.erase(at, prefix.size());
    return text;
  }
  // Returns the texts of the list "all", to which each file adds some.
  std::vector<std::string> all() const {
    const auto file = SettingsFile::read(main());
    auto root = file.root();
    const auto entries = root.texts("all");
    std::vector<std::string> out;
    for (const auto& entry : *entries)
      out.push_back(entry.text);
    return out;
  }

  test::TemporaryDirectory directory_;
};

using Texts = std::vector<std::string>;

TEST_F(SettingsSourceTest, AnIncludedFileReplacesItsDirective) {
  write("main.conf", "all = ( \"1\",\n \t@include \"more.conf\"\n, \"4\" );\n");
  write("more.conf", "\"2\",\n\"3\"");
  EXPECT_EQ(all(), (Texts{"1", "2", "3", "4"}));
  write("more.conf", "");
  EXPECT_NE(refusal(), "");
}

// A relative name begins in the directory of the first file, as in libconfig, even if an included file that
// is elsewhere has it.
TEST_F(SettingsSourceTest, RelativeAndAbsoluteNames) {
  write("main.conf", "@include \"d/one.conf\"\n");
  write("d/one.conf",
        "all = (\n@include \"two.conf\"\n,\n@include \"" + path("d/three.conf").string() + "\"\n);");
  write("two.conf", "\"2\"");
  write("d/three.conf", "\"3\"");
  EXPECT_EQ(all(), (Texts{"2", "3"}));
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(directory_.path());
  EXPECT_NO_THROW(SettingsFile::read("main.conf"));
  std::filesystem::current_path(before);
}

TEST_F(SettingsSourceTest, NamesWithQuotesAndBackslashes) {
  write("main.conf", R"(@include "a\"b\\c.conf")");
  write(R"(a"b\c.conf)", "all = ();");
  EXPECT_EQ(all(), Texts());
}

TEST_F(SettingsSourceTest, TextLikeADirectiveIsNotTakenForOne) {
  write("main.conf",
        "# @include \"none\"\n//\n// @include \"none\"\n/*\n@include \"none\"\n*/ all = ( \"\n@include "
        "\\\"none\\\"\n\", \"\\\\\", \"@include\" );\n"
        "#\"\n/*\"*/ b = \"/* // # \";\n");
  EXPECT_EQ(all(), (Texts{"\n@include \"none\"\n", "\\", "@include"}));
}

TEST_F(SettingsSourceTest, AnythingElseWithAnAtSignIsRefused) {
  const std::string form = "the form is: @include \"FILE\", on a line of its own";
  for (const std::string line : {"b = 1; @include \"x\"", "/* */ @include \"x\"", "@include\"x\"",
                                 "@include x", "@includes \"x\"", "@", "@Include \"x\"", "@include"}) {
    write("main.conf", "all = ();\n" + line + "\n");
    EXPECT_EQ(refusal(), "main.conf:2: an @ outside of a text; " + form) << line;
  }
  for (const std::string line : {"@include \"\"", "@include \"x", "@include \"x\ny\"", "@include \"x\\\""}) {
    write("main.conf", "all = ();\n" + line + "\n");
    EXPECT_EQ(refusal(), "main.conf:2: an @include without a name; " + form) << line;
  }
}

TEST_F(SettingsSourceTest, ErrorsNameTheFileAndItsLine) {
  write("main.conf", "a = 1;\n@include \"more.conf\"\n\nb = ;\n");
  write("more.conf", "c = 1;\nd = 1;\n");
  EXPECT_EQ(refusal(), "main.conf:4: syntax error; the form is: name = value;");
  write("more.conf", "c = 1;\n\nd = ;\n");
  EXPECT_EQ(refusal(), "more.conf:3: syntax error; the form is: name = value;");
  write("main.conf", "@include \"more.conf\" b = ;\n");
  write("more.conf", "c = 1;");
  EXPECT_EQ(refusal(), "main.conf:1: syntax error; the form is: name = value;");
  write("main.conf", "@include \"more.conf\"\n\n@include \"third.conf\"\n");
  write("third.conf", "\nc = 2;\n");
  EXPECT_EQ(refusal(), "third.conf:2: duplicate setting name; the form is: name = value;");
}

TEST_F(SettingsSourceTest, FilesThatCannotBeIncluded) {
  write("main.conf", "a = 1;\n\n@include \"other\"\n");
  const std::string right = "; check the name";
  EXPECT_EQ(refusal(), "main.conf:3: cannot include other: there is no such file" + right);
  std::filesystem::create_directory(path("other"));
  EXPECT_EQ(refusal(), "main.conf:3: cannot include this: other is not a regular file");
  std::filesystem::remove(path("other"));
  // Nobody writes to it: opening it for reading would wait forever.
  ASSERT_EQ(mkfifo(path("other").c_str(), 0600), 0);
  EXPECT_EQ(refusal(), "main.conf:3: cannot include this: other is not a regular file");
  std::filesystem::remove(path("other"));
  std::filesystem::create_symlink("/dev/zero", path("other"));
  EXPECT_EQ(refusal(), "main.conf:3: cannot include this: other is not a regular file");
  std::filesystem::remove(path("other"));
  std::filesystem::create_symlink("nowhere", path("other"));
  EXPECT_EQ(refusal(), "main.conf:3: cannot include other: there is no such file" + right);
  std::filesystem::remove(path("other"));
  write("other", "");
  ASSERT_EQ(chmod(path("other").c_str(), 0666), 0);
  EXPECT_EQ(refusal(),
            "main.conf:3: cannot include this: other has mode 0666: users other than its owner can write it, "
            "and so "
            "decide what is signed; fix it with: chmod go-w other");
  write("main.conf", "@include \"*.conf\"");
  EXPECT_EQ(refusal(),
            "main.conf:1: cannot include *.conf: there is no such file; * and ? stand for themselves: name "
            "each file in a line of its own");
}

TEST_F(SettingsSourceTest, AReadErrorIsAnError) {
  write("main.conf", "\n@include \"/proc/self/mem\"\n");
  const auto said = refusal();
  EXPECT_EQ(said.find("main.conf:2: cannot include this: cannot read /proc/self/mem"), 0U) << said;
}

TEST_F(SettingsSourceTest, UnreadableFiles) {
  if (geteuid() == 0) {
    ASSERT_EQ(chown(directory_.path().c_str(), 12345, static_cast<gid_t>(-1)), 0);
    ASSERT_EQ(seteuid(12345), 0);
  }
  write("main.conf", "@include \"other\"");
  write("other", "");
  ASSERT_EQ(chmod(path("other").c_str(), 0), 0);
  const auto of_included = refusal();
  ASSERT_EQ(chmod(main().c_str(), 0), 0);
  const auto of_main = refusal();
  ASSERT_EQ(seteuid(getuid()), 0);
  EXPECT_EQ(of_included, "main.conf:1: cannot include this: cannot open other: Permission denied");
  EXPECT_EQ(of_main, "cannot open main.conf: Permission denied");
}

TEST_F(SettingsSourceTest, Circles) {
  write("main.conf", "@include \"main.conf\"");
  EXPECT_EQ(refusal(), "main.conf:1: main.conf would include itself; leave out this line");
  write("main.conf", "@include \"a\"");
  write("a", "@include \"b\"");
  std::filesystem::create_symlink("main.conf", path("b"));
  EXPECT_EQ(refusal(), "a:1: b would include itself; leave out this line");
}

TEST_F(SettingsSourceTest, TheSameFileTwiceIsNoCircle) {
  write("main.conf", "all = (\n@include \"a\"\n,\n@include \"a\"\n);");
  write("a", "\"x\"");
  EXPECT_EQ(all(), (Texts{"x", "x"}));
}

TEST_F(SettingsSourceTest, TooDeepTooManyTooLarge) {
  const auto chain = [&](std::size_t length) {
    write("main.conf", "@include \"1\"\n");
    for (std::size_t i = 1; i < length; ++i)
      write(std::to_string(i), "@include \"" + std::to_string(i + 1) + "\"\n");
    write(std::to_string(length), "all = ();");
  };
  chain(deepest_include);
  EXPECT_EQ(all(), Texts());
  chain(deepest_include + 1);
  EXPECT_EQ(refusal().find("10:1: files included more than 10 deep in each other"), 0U) << refusal();

  std::string text;
  for (int i = 0; i < most_includes; ++i)
    text += "@include \"empty\"\n";
  write("empty", "");
  write("main.conf", text + "all = ();");
  EXPECT_EQ(all(), Texts());
  write("main.conf", text + "@include \"empty\"\n");
  EXPECT_EQ(refusal(), "main.conf:101: more than 100 files included; one file may hold what several do");

  write("main.conf", "@include \"half\"\n@include \"half\"\n");
  write("half", std::string(most_settings_bytes / 2 + 1, '\n'));
  EXPECT_EQ(refusal().find("half:1: larger than the 1048576 bytes"), 0U) << refusal();
  write("main.conf", std::string(most_settings_bytes + 1, '\n'));
  EXPECT_NE(refusal().find("main.conf is larger than the 1048576 bytes"), std::string::npos) << refusal();
}

TEST_F(SettingsSourceTest, TextsAndCommentsEndInTheirFile) {
  write("main.conf", "@include \"a\"\n");
  write("a", "b = 1;\nc = \"text\n\n");
  EXPECT_EQ(refusal(), "a:2: a text that begins here does not end in this file; a closing mark is missing");
  write("a", "b = 1; /* comment /*\n\n");
  EXPECT_EQ(refusal(),
            "a:1: a comment that begins here does not end in this file; a closing mark is missing");
}

// Editors of other systems write such files.
TEST_F(SettingsSourceTest, MarksAndLineEndsOfOtherSystems) {
  write("main.conf", "\xef\xbb\xbf# comment\r\nall = (\r\n@include \"a\"\r\n);\r\n");
  write("a", "\xef\xbb\xbf\"x\"\r\n");
  EXPECT_EQ(all(), (Texts{"x"}));
  // Otherwise all of it would be one comment, and every setting would have its default.
  const std::string right = "lines must end with LF, or with CR LF";
  write("main.conf", "# comment\rall = ();\r");
  EXPECT_EQ(refusal(), "main.conf:1: a carriage return without a line feed; " + right);
  write("main.conf", "all = ();\r");
  EXPECT_EQ(refusal(), "main.conf:1: a carriage return without a line feed; " + right);
  write("main.conf", std::string_view("\xff\xfe"
                                      "a\0",
                                      4));
  EXPECT_EQ(refusal(), "main.conf:1: text in UTF-16; it must be saved as UTF-8");
  for (const std::string_view text :
       {std::string_view("a = 1;\n\0", 8), std::string_view("\n# \0", 4), std::string_view("\n/* \0 */", 8),
        std::string_view("\n\"\0\";", 5), std::string_view("\n@include \"\0\"", 13)}) {
    write("main.conf", text);
    EXPECT_EQ(refusal(), "main.conf:2: a NUL byte in the text; the file is damaged");
  }
}

TEST(SettingsTextTest, IncludesNothing) {
  EXPECT_EQ(test::message_of<SettingsError>([] { SettingsFile::parse("\n@include \"/etc/passwd\"\n", "x"); }),
            "x:2: an @include; this file must be whole without others");
}

// Neither libconfig's parser nor its destructors may recurse as deep as a file says.
TEST(SettingsTextTest, Nesting) {
  const auto nested = [](std::size_t depth) {
    return "a = " + std::string(depth, '(') + std::string(depth, ')') + ";";
  };
  EXPECT_NO_THROW(SettingsFile::parse(nested(deepest_nesting), "x"));
  EXPECT_NE(test::message_of<SettingsError>([&] {
              SettingsFile::parse(nested(deepest_nesting + 1), "x");
            }).find("x:1: groups and lists more than 16 deep"),
            std::string::npos);
  EXPECT_NE(test::message_of<SettingsError>([&] {
              SettingsFile::parse(nested(500'000), "x");
            }).find("x:1: groups and lists more than 16 deep"),
            std::string::npos);
}

// libconfig compares each name with all others of its group.
TEST(SettingsTextTest, SettingsOfAGroup) {
  const auto settings = [](std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i)
      text += "s" + std::to_string(i) + (i % 2 == 0 ? " = 1;\n" : " : {a = 1;}\n");
    return text;
  };
  EXPECT_NO_THROW(SettingsFile::parse(settings(most_settings_of_group), "x"));
  EXPECT_EQ(test::message_of<SettingsError>([&] { SettingsFile::parse(settings(60'000), "x"); }),
            "x:201: more than 200 settings in one group; no group has so many");
  // The limit is for each group: groups beside each other are not added up.
  std::string list = "list = ( ";
  for (int i = 0; i < 100; ++i)
    list += "{ " + settings(10) + " }, ";
  EXPECT_NO_THROW(SettingsFile::parse(list + "{ } );", "x"));
}

TEST(SettingsTextTest, EntriesOfLists) {
  std::string list = "list = ( 1";
  for (std::size_t i = 0; i < most_settings_values - 10; ++i)
    list += ",1";
  EXPECT_NO_THROW(SettingsFile::parse(list + " );", "x"));
  for (std::size_t i = 0; i < 10; ++i)
    list += ",1";
  EXPECT_EQ(test::message_of<SettingsError>([&] { SettingsFile::parse(list + " );", "x"); }),
            "x:1: more than 100000 settings and entries of lists; leave out what is not needed");
}

}  // namespace
}  // namespace dkim::crypto
