#include "milter/body_watch.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace dkim::milter {
namespace {

struct Findings {
  std::optional<std::uint64_t> long_line;
  std::optional<std::uint64_t> eight_bit_line;
  bool operator==(const Findings&) const = default;
};

void PrintTo(const Findings& findings, std::ostream* out) {
  *out << "long " << findings.long_line.value_or(0) << ", 8-bit " << findings.eight_bit_line.value_or(0);
}

// Searches the whole body, line by line and byte by byte. Lines end with CRLF, as an MTA sends them.
Findings naive(const std::string& body) {
  Findings findings;
  std::uint64_t number = 1;
  std::size_t start = 0;
  while (start < body.size()) {
    const std::size_t end = std::min(body.find("\r\n", start), body.size());
    if (!findings.long_line && end - start > 998) findings.long_line = number;
    for (std::size_t i = start; i < end; ++i) {
      if (!findings.eight_bit_line && static_cast<unsigned char>(body[i]) >= 0x80)
        findings.eight_bit_line = number;
    }
    start = end + 2;
    ++number;
  }
  return findings;
}

Findings watched(const std::string& body, const std::vector<std::size_t>& cuts = {}) {
  BodyWatch watch(998);
  std::size_t start = 0;
  for (const std::size_t cut : cuts) {
    watch.update(std::string_view(body).substr(start, cut - start));
    start = cut;
  }
  watch.update(std::string_view(body).substr(start));
  return {watch.long_line(), watch.eight_bit_line()};
}

std::string line(std::size_t length) {
  return std::string(length, 'x') + "\r\n";
}

TEST(BodyWatch, FindsNothingInAnEmptyBody) {
  EXPECT_EQ(watched(""), Findings());
  EXPECT_EQ(watched("\r\n\r\n"), Findings());
}

TEST(BodyWatch, AllowsLinesOfUpTo998Bytes) {
  EXPECT_EQ(watched(line(998)), Findings());
  EXPECT_EQ(watched(line(999)).long_line, 1U);
  EXPECT_EQ(watched(line(998) + line(998) + line(999) + line(2000)).long_line, 3U);
}

TEST(BodyWatch, SeesALongLineHoweverItIsSplit) {
  for (const std::size_t length : {998U, 999U, 1000U, 1001U}) {
    const std::string body = line(3) + line(length) + line(4);
    for (std::size_t cut = 0; cut <= body.size(); ++cut)
      ASSERT_EQ(watched(body, {cut}), naive(body)) << length << " cut at " << cut;
  }
}

TEST(BodyWatch, SeesALongLineThatComesByteByByte) {
  for (const std::size_t length : {998U, 999U}) {
    const std::string body = line(1) + line(length) + line(1);
    std::vector<std::size_t> cuts;
    for (std::size_t i = 1; i < body.size(); ++i)
      cuts.push_back(i);
    EXPECT_EQ(watched(body, cuts), naive(body));
  }
}

// A lone CR ends no line.
TEST(BodyWatch, CountsALoneCrAsAByte) {
  EXPECT_EQ(watched(std::string(500, 'x') + "\r" + std::string(497, 'x') + "\r\n"), Findings());
  EXPECT_EQ(watched(std::string(500, 'x') + "\r" + std::string(498, 'x') + "\r\n").long_line, 1U);
}

TEST(BodyWatch, NamesTheFirstLineWithEightBits) {
  EXPECT_EQ(watched("a\r\nb\r\nc\xc3\xa4\r\n\xff\r\n").eight_bit_line, 3U);
  EXPECT_EQ(watched("\x80").eight_bit_line, 1U);
  EXPECT_EQ(watched("\x7f\x01\r\n").eight_bit_line, std::nullopt);
}

TEST(BodyWatch, KeepsCountingForTheOtherFinding) {
  EXPECT_EQ(watched(line(999) + line(1) + "\xe9\r\n"), (Findings{1, 3}));
  EXPECT_EQ(watched("\xe9\r\n" + line(1) + line(999)), (Findings{3, 1}));
}

TEST(BodyWatch, AgreesWithTheNaiveReadingOnRandomBodies) {
  std::mt19937 random(20261124);
  const auto below = [&](std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
  };
  for (int round = 0; round < 3000; ++round) {
    std::string body;
    const std::size_t lines = below(8);
    for (std::size_t i = 0; i < lines; ++i) {
      std::string text(below(3) == 0 ? 990 + below(20) : below(60), 'x');
      if (!text.empty() && below(6) == 0) text[below(text.size())] = static_cast<char>(0x80 + below(128));
      body += text + "\r\n";
    }
    std::vector<std::size_t> cuts;
    for (std::size_t at = below(700); at < body.size(); at += below(round % 2 == 0 ? 4 : 700))
      cuts.push_back(at);
    ASSERT_EQ(watched(body, cuts), naive(body)) << "round " << round;
  }
}

}  // namespace
}  // namespace dkim::milter
