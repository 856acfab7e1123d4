// Compares canon/body_canon with the reference for all ways to split the body: structured, exhaustive and
// random.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/support/body_reference.hpp"

namespace dkim::test {
namespace {

using canon::Canonicalization;
using namespace std::string_literals;

// Compares bodies that are too large to print: GoogleTest's own comparison takes unlimited memory for them.
::testing::AssertionResult same_octets(const std::string& actual, const std::string& expected) {
  if (actual == expected) return ::testing::AssertionSuccess();
  const auto shorter = std::min(actual.size(), expected.size());
  std::size_t at = 0;
  while (at < shorter && actual[at] == expected[at])
    ++at;
  return ::testing::AssertionFailure()
         << "first difference at byte " << at << ": " << printable(actual.substr(at, 40)) << " instead of "
         << printable(expected.substr(at, 40));
}

// Returns sequences that change how the bytes around them are treated.
const std::vector<std::string>& cores() {
  static const std::vector<std::string> list = {
      "\r\n",   "\n",       "\r",      " ",      "\t",     "\0"s,     "\r\n\r\n", "\n\n",         "\r\r\n",
      "\n\r",   " \r\n",    "\r\n ",   "  ",     " \t",    "\t ",     "\r ",      " \r",          "\r\r",
      " \r\n ", "\r\n\r",   "\r\n \r", "\r\n\n", "\n\r\n", "\r\n\0"s, "\0\r\n"s,  "\r\n\r\n\r\n", "   \r\n",
      " \n \n", "\x01\x02", "\r\0\n"s, "\v\r\n", "\f ",    "\xff ",   "\x80\n",   "\r\x8d\n"};
  return list;
}

class BodySplit : public ::testing::TestWithParam<Canonicalization> {
 protected:
  Canonicalization algorithm() const { return GetParam(); }

  // Checks the body whole, byte by byte, and cut in two at each position.
  void check_every_split(const std::string& body) const {
    const auto expected = reference_body(algorithm(), body);
    ASSERT_EQ(printable(canonical_body(algorithm(), body)), printable(expected)) << printable(body);
    ASSERT_EQ(printable(canonical_body_octet_by_octet(algorithm(), body)), printable(expected))
        << printable(body);
    for (std::size_t cut = 0; cut <= body.size(); ++cut) {
      ASSERT_EQ(printable(canonical_body(algorithm(), body, {cut})), printable(expected))
          << printable(body) << " split at " << cut;
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Body, BodySplit,
                         ::testing::Values(Canonicalization::simple, Canonicalization::relaxed),
                         [](const auto& instance) {
                           return instance.param == Canonicalization::simple ? "simple" : "relaxed";
                         });

// Tries all bodies of up to seven bytes from this alphabet.
TEST_P(BodySplit, every_short_body) {
  constexpr std::string_view alphabet = "a \t\r\n";
  std::vector<std::string> bodies = {""};
  for (std::size_t first = 0, length = 0; length < 7; ++length) {
    const std::size_t last = bodies.size();
    for (; first < last; ++first) {
      for (const char c : alphabet)
        bodies.push_back(bodies[first] + c);
    }
  }
  ASSERT_EQ(bodies.size(), 97656U);
  for (const auto& body : bodies) {
    const auto expected = reference_body(algorithm(), body);
    ASSERT_EQ(printable(canonical_body(algorithm(), body)), printable(expected)) << printable(body);
    ASSERT_EQ(printable(canonical_body_octet_by_octet(algorithm(), body)), printable(expected))
        << printable(body);
  }
}

// Puts these sequences at every alignment to the blocks of 16 and 128 bytes that are scanned at once, with
// plain text before and after.
TEST_P(BodySplit, sequences_at_every_alignment) {
  for (const auto& core : cores()) {
    for (std::size_t before = 0; before <= 290; ++before) {
      for (const std::size_t behind : {0, 1, 15, 16, 17, 40, 150}) {
        const std::string body = std::string(before, 'x') + core + std::string(behind, 'y');
        ASSERT_EQ(printable(canonical_body(algorithm(), body)), printable(reference_body(algorithm(), body)))
            << printable(core) << " after " << before << " bytes and before " << behind;
      }
    }
  }
}

// Puts them after white space that canonicalization changes: from there on, long stretches are examined at
// once, up to two bytes beyond their end, and held back where the body may end.
TEST_P(BodySplit, sequences_at_every_place_of_a_stretch_that_changes) {
  std::string empty_lines;
  std::string white_lines;
  for (int i = 0; i < 150; ++i) {
    empty_lines += "\r\n";
    white_lines += " \r\n";
  }
  for (const auto& core : cores()) {
    for (std::size_t before = 0; before <= 260; ++before) {
      const std::string start = std::string("\t").append(before, 'x').append(core);
      for (const auto& behind : {std::string(300, 'y'), empty_lines, white_lines, white_lines + "z"}) {
        const std::string body = start + behind;
        ASSERT_TRUE(same_octets(canonical_body(algorithm(), body), reference_body(algorithm(), body)))
            << printable(core) << " after " << before << " bytes, then " << printable(behind.substr(0, 3));
      }
    }
  }
}

// After the first white space of a line that changes, the rest of the line is processed in stretches and put
// into a buffer of 4096 bytes. Tries runs of white space across the ends of both, and runs that are longer.
TEST_P(BodySplit, white_space_across_every_block_of_a_long_line) {
  std::vector<std::size_t> distances;
  for (std::size_t n = 0; n <= 140; ++n)
    distances.push_back(n);
  for (const std::size_t end : {4096, 8192}) {
    for (std::size_t n = end - 40; n <= end + 10; ++n)
      distances.push_back(n);
  }
  for (const std::size_t distance : distances) {
    for (const std::size_t run : {1, 2, 3, 33, 70}) {
      const std::string body = "a\tb" + std::string(distance, 'x') + std::string(run, ' ') + "y\t" +
                               std::string(run, '\t') + "z \r\n";
      ASSERT_TRUE(same_octets(canonical_body(algorithm(), body), reference_body(algorithm(), body)))
          << run << " at " << distance;
    }
  }
  for (const std::size_t run : {4000, 4095, 4096, 4097, 8200, 20000}) {
    for (const std::string before : {"", "a", "a\tb", "\r\n\r\n"}) {
      for (const std::string behind : {"", "c", "\r\n", "c\td \r\n"}) {
        const std::string body = before + std::string(run, ' ') + behind;
        ASSERT_TRUE(same_octets(canonical_body(algorithm(), body), reference_body(algorithm(), body)))
            << run << printable(before) << printable(behind);
      }
    }
  }
}

TEST_P(BodySplit, structured_bodies_split_at_every_place) {
  const std::string text(40, 't');
  const std::string long_text(300, 'l');
  const std::string bodies[] = {
      "line\r\n\r\n \t\r\nline  two \r\n\t\r\n\r\n",
      text + "\r\n" + text + " \r\n\r\n" + text + "\r\n\r\n\r\n",
      text + "\n" + text + "\n\n" + text + "\n",
      text + "\r" + text + "\r\r\n" + text + "\r",
      long_text + "\r\n" + long_text + "  " + long_text + "\r\n\r\n",
      long_text + " " + text + "\r\n " + text + "\r\n\t\t" + text,
      std::string(64, '\n') + text + std::string(64, '\n'),
      std::string(64, ' ') + text + std::string(64, ' '),
      std::string(40, '\r') + "\n" + std::string(40, '\r'),
      std::string(40, '\0') + "\r\n" + std::string(40, '\0') + " ",
      std::string(200, 'x') + std::string(200, ' ') + "\r\n",
      " \r\n \r\n \r\n" + text + " \r\n \r\n \r",
  };
  for (const auto& body : bodies)
    check_every_split(body);
}

TEST_P(BodySplit, small_random_bodies_split_at_every_place) {
  std::mt19937 random(6376);
  for (int i = 0; i < 400; ++i)
    check_every_split(random_body(random, static_cast<std::size_t>(i) % 160));
}

TEST_P(BodySplit, large_random_bodies_in_many_pieces) {
  std::mt19937 random(8463);
  for (int i = 0; i < 150; ++i) {
    const std::string body = random_body(random, 1000 + static_cast<std::size_t>(i) * 200);
    const auto expected = reference_body(algorithm(), body);
    ASSERT_TRUE(same_octets(canonical_body(algorithm(), body), expected)) << "body " << i;
    for (const std::size_t count : {1, 2, 5, 40, 500}) {
      const auto cuts = random_cuts(random, body.size(), count);
      ASSERT_TRUE(same_octets(canonical_body(algorithm(), body, cuts), expected))
          << "body " << i << " in " << count;
    }
  }
}

// The chunks of a milter connection have 65,535 bytes: most line ends are far from a chunk's end, but some
// are not.
TEST_P(BodySplit, a_large_body_in_chunks_of_the_milter_protocol) {
  std::mt19937 random(65535);
  std::string body;
  while (body.size() < 2'000'000)
    body += random_body(random, 5000);
  std::vector<std::size_t> cuts;
  for (std::size_t cut = 65535; cut < body.size(); cut += 65535)
    cuts.push_back(cut);
  ASSERT_TRUE(same_octets(canonical_body(algorithm(), body, cuts), reference_body(algorithm(), body)));
}

TEST_P(BodySplit, a_canonical_body_is_its_own_canonical_form) {
  std::mt19937 random(344);
  for (int i = 0; i < 300; ++i) {
    const auto once = canonical_body(algorithm(), random_body(random, static_cast<std::size_t>(i) * 7));
    ASSERT_EQ(printable(canonical_body(algorithm(), once)), printable(once));
  }
}

}  // namespace
}  // namespace dkim::test
