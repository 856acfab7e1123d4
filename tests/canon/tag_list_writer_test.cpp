// Tests canon/tag_list_writer: writing tag lists, and where they are folded (RFC 6376 §3.2, §3.5).
#include "canon/tag_list_writer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "canon/tag_list.hpp"
#include "canon/text.hpp"

namespace dkim::test {
namespace {

using canon::TagList;
using canon::TagListWriter;
using Names = std::vector<std::string>;

constexpr std::size_t name_columns = sizeof "DKIM-Signature:" - 1;

std::vector<std::string> lines_of(const std::string& value, std::size_t first_column = name_columns) {
  std::vector<std::string> lines;
  std::string rest = std::string(first_column, 'N') + value;
  for (auto fold = rest.find("\r\n"); fold != std::string::npos; fold = rest.find("\r\n")) {
    lines.push_back(rest.substr(0, fold));
    rest = rest.substr(fold + 2);
  }
  lines.push_back(rest);
  return lines;
}

std::size_t columns(const std::string& line) {
  return line.starts_with('\t') ? line.size() + 7 : line.size();
}

// Checks that no line is over 76 columns unless it is a single word, that every fold is CRLF HTAB with
// something on both sides, and that no line ends in white space (which a relay may cut).
void check_shape(const std::string& value, std::size_t first_column = name_columns) {
  const auto lines = lines_of(value, first_column);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& line = lines[i];
    ASSERT_TRUE(i == 0 || line.starts_with('\t')) << value;
    const std::string_view text = canon::trim_fws(line);
    ASSERT_FALSE(text.empty()) << "an empty line in " << value;
    ASSERT_FALSE(canon::is_fws(line.back())) << "white space before a fold in " << value;
    ASSERT_EQ(line.find_first_of("\r\n"), std::string::npos) << value;
    if (columns(line) <= 76) continue;
    // A single word has no place for a fold.
    ASSERT_NE(i, 0U) << value;
    ASSERT_EQ(text.find(' '), std::string::npos) << value;
    const auto semicolon = text.find(';');
    ASSERT_TRUE(semicolon == std::string::npos || semicolon == text.size() - 1) << value;
  }
}

TEST(TagListWriter, a_signature_as_it_should_look) {
  TagListWriter writer(name_columns);
  writer.word("v", "1");
  writer.word("a", "rsa-sha256");
  writer.word("c", "relaxed/relaxed");
  writer.word("d", "example.com");
  writer.word("s", "server");
  writer.word("t", "1528637909");
  writer.colon_list("h",
                    {"Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Content-Type", "From"});
  writer.base64("bh", "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
  writer.base64("b", std::string(172, 'B'));
  EXPECT_EQ(writer.str(),
            " v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com;\r\n"
            "\ts=server; t=1528637909; h=Date:From:To:Subject:Message-ID\r\n"
            "\t:MIME-Version:Content-Type:From; bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6S\r\n"
            "\tn7XIkfJVOzv8=; b=" +
                std::string(50, 'B') +
                "\r\n"
                "\t" +
                std::string(67, 'B') + "\r\n\t" + std::string(55, 'B'));
  check_shape(writer.str());
}

TEST(TagListWriter, fills_a_line_to_its_last_column) {
  // "DKIM-Signature: v=1;" is 20 columns, and " d=" and ";" take 4: 52 more fit into 76, 53 go to the next
  // line.
  for (const std::size_t size : {52, 53}) {
    TagListWriter writer(name_columns);
    writer.word("v", "1");
    writer.word("d", std::string(size, 'd'));
    writer.word("s", "x");
    const auto lines = lines_of(writer.str());
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(columns(lines[0]), size == 52 ? 76U : 20U);
    check_shape(writer.str());
  }
}

TEST(TagListWriter, long_words_have_a_line_to_themselves) {
  for (const std::size_t size : {60, 63, 64, 70, 100, 253, 800}) {
    TagListWriter writer(name_columns);
    writer.word("v", "1");
    writer.word("d", std::string(size, 'd'));
    writer.word("s", std::string(size, 's'));
    writer.colon_list("h", {"From", std::string(size, 'X'), "To"});
    writer.base64("b", "AAAA");
    check_shape(writer.str());
    const auto list = TagList::parse(writer.str());
    ASSERT_TRUE(list);
    EXPECT_EQ(list->find("d"), std::string(size, 'd'));
    EXPECT_EQ(canon::split_colons(*list->find("h"))[1], std::string(size, 'X'));
  }
}

// The signer hashes the field with b= empty and sends it filled: no byte before the value of b= may differ.
TEST(TagListWriter, filling_in_b_moves_nothing_before_it) {
  for (std::size_t padding = 0; padding < 160; ++padding) {
    const auto write = [&](std::string_view signature) {
      TagListWriter writer(name_columns);
      writer.word("v", "1");
      writer.word("n", std::string(padding, 'n'));
      writer.base64("bh", "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
      writer.base64("b", signature);
      return writer.str();
    };
    const std::string empty = write("");
    ASSERT_TRUE(empty.ends_with("b="));
    for (const std::size_t size : {4, 88, 172, 344, 1368}) {
      const std::string filled = write(std::string(size, 'S'));
      ASSERT_TRUE(filled.starts_with(empty)) << filled;
      ASSERT_EQ(canon::without_fws(filled.substr(empty.size())), std::string(size, 'S'));
      ASSERT_EQ(filled[empty.size()], 'S') << filled;
      check_shape(filled);
    }
  }
}

struct Written {
  std::size_t first_column = 0;
  std::string value;
  std::vector<std::pair<std::string, std::string>> tags;  // without any white space
};

Written random_list(std::mt19937& random) {
  const auto number = [&](std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random);
  };
  const auto text = [&](std::size_t size) {
    std::string out;
    for (std::size_t i = 0; i < size; ++i)
      out += "abcXYZ019+/-._"[number(14)];
    return out;
  };
  const auto size = [&] { return number(10) == 0 ? number(300) : number(30); };
  Written written;
  written.first_column = number(20);
  TagListWriter writer(written.first_column);
  writer.word("v", "1");
  written.tags.emplace_back("v", "1");
  for (std::size_t i = 0, count = number(12); i < count; ++i) {
    const std::string name = std::string("t").append(std::to_string(i));
    std::string value;
    switch (number(3)) {
      case 0:
        value = text(1 + size());
        writer.word(name, value);
        break;
      case 1: {
        Names parts(1 + number(30));
        for (auto& part : parts) {
          part = text(1 + size());
          value += (value.empty() ? "" : ":") + part;
        }
        writer.colon_list(name, parts);
        break;
      }
      default:
        value = text(number(4) * size());
        writer.base64(name, value);
    }
    written.tags.emplace_back(name, value);
  }
  written.value = writer.str();
  return written;
}

// A fold that RFC 6376 does not allow would change what is read back, or break a word in two.
TEST(TagListWriter, random_lists_read_back_as_they_were_written) {
  std::mt19937 random(1035);
  for (int i = 0; i < 5000; ++i) {
    const auto written = random_list(random);
    check_shape(written.value, written.first_column);
    if (::testing::Test::HasFatalFailure()) return;
    const auto list = TagList::parse(written.value);
    ASSERT_TRUE(list) << written.value << ": " << list.refusal().reason;
    ASSERT_EQ(list->tags().size(), written.tags.size()) << written.value;
    std::string joined;
    for (std::size_t n = 0; n < written.tags.size(); ++n) {
      ASSERT_EQ(list->tags()[n].name, written.tags[n].first) << written.value;
      ASSERT_EQ(canon::without_fws(list->tags()[n].value), written.tags[n].second) << written.value;
      joined += (n == 0 ? "" : ";") + written.tags[n].first + "=" + written.tags[n].second;
    }
    ASSERT_EQ(canon::without_fws(written.value), joined);
  }
}

// White space occurs only where the ABNF has FWS: before a tag's name, before a colon of h=, and inside
// base64.
TEST(TagListWriter, folds_only_where_they_are_allowed) {
  for (std::size_t padding = 1; padding < 200; ++padding) {
    TagListWriter writer(name_columns);
    writer.word("v", "1");
    writer.word("n", std::string(padding, 'n'));
    writer.colon_list("h",
                      {"From", "Subject", "Content-Transfer-Encoding", std::string(padding / 3 + 1, 'x')});
    writer.word("x", std::string(30, 'x'));
    const std::string value = writer.str();
    check_shape(value);
    for (std::size_t at = value.find("\r\n\t"); at != std::string::npos; at = value.find("\r\n\t", at + 1)) {
      ASSERT_TRUE(value[at - 1] == ';' || value[at + 3] == ':') << value;
    }
    const auto list = TagList::parse(value);
    ASSERT_TRUE(list);
    EXPECT_EQ(list->find("n"), std::string(padding, 'n'));
    EXPECT_EQ(list->find("x"), std::string(30, 'x'));
  }
}

}  // namespace
}  // namespace dkim::test
