// Tests canon/body_canon on bodies whose canonical form is known. tests/canon/body_split_test.cpp varies the
// chunks.
#include "canon/body_canon.hpp"

#include <gtest/gtest.h>

#include <type_traits>

#include "tests/support/body_reference.hpp"
#include "tests/vectors/vector_file.hpp"

namespace dkim::test {
namespace {

using canon::BodyCanonicalizer;
using canon::Canonicalization;
using namespace std::string_literals;

constexpr auto simple = Canonicalization::simple;
constexpr auto relaxed = Canonicalization::relaxed;

// An object that owns no memory cannot grow with the body.
static_assert(std::is_trivially_copyable_v<BodyCanonicalizer> && sizeof(BodyCanonicalizer) <= 8192);

TEST(BodyCanon, rfc6376_examples) {
  for (const auto& vector : read_vectors("canonicalization.vec")) {
    const auto algorithms = canon::parse_canonicalization(vector.get("Algorithms"));
    ASSERT_TRUE(algorithms);
    EXPECT_EQ(canonical_body(algorithms->body, vector.get("Body")), vector.get("CanonicalBody"))
        << vector.where();
  }
}

struct Case {
  std::string body;
  std::string simple_form;
  std::string relaxed_form;
};

TEST(BodyCanon, known_forms) {
  const Case cases[] = {
      // An empty body is a CRLF under simple and nothing under relaxed (§3.4.3, §3.4.4).
      {"", "\r\n", ""},
      {"\r\n", "\r\n", ""},
      {"\r\n\r\n\r\n", "\r\n", ""},
      {"\n\n", "\r\n", ""},
      // White space only: simple keeps it, relaxed makes the body empty.
      {" ", " \r\n", ""},
      {"\t \r\n \r\n\r\n", "\t \r\n \r\n", ""},
      {"\r\n \t", "\r\n \t\r\n", ""},
      // A last line without CRLF is hashed with one.
      {"a", "a\r\n", "a\r\n"},
      {"a\r\nb", "a\r\nb\r\n", "a\r\nb\r\n"},
      {"a ", "a \r\n", "a\r\n"},
      {"a\r\n", "a\r\n", "a\r\n"},
      // Trailing empty lines are dropped; leading and inner ones stay.
      {"\r\n\r\na\r\n\r\n\r\nb\r\n\r\n\r\n", "\r\n\r\na\r\n\r\n\r\nb\r\n", "\r\n\r\na\r\n\r\n\r\nb\r\n"},
      // Relaxed treats lines of white space at the end as empty.
      {"a\r\n \r\n\t\r\n", "a\r\n \r\n\t\r\n", "a\r\n"},
      {"a\r\n \r\nb\r\n", "a\r\n \r\nb\r\n", "a\r\n\r\nb\r\n"},
      // White space at a line's start is reduced, not removed; HTAB becomes SP.
      {"\t \ta\t\tb \t\r\n", "\t \ta\t\tb \t\r\n", " a b\r\n"},
      // A lone LF ends a line, as the MTA will send it.
      {"a\nb\n", "a\r\nb\r\n", "a\r\nb\r\n"},
      {"\na", "\r\na\r\n", "\r\na\r\n"},
      {"a \n\n\r\n\n", "a \r\n", "a\r\n"},
      // A lone CR is an ordinary byte, also at the end.
      {"a\rb\r\n", "a\rb\r\n", "a\rb\r\n"},
      {"a\r\n\r", "a\r\n\r\r\n", "a\r\n\r\r\n"},
      {"\r", "\r\r\n", "\r\r\n"},
      {"a \r", "a \r\r\n", "a \r\r\n"},
      {"a\r\r\n\r\n", "a\r\r\n", "a\r\r\n"},
      {"a \r b\r\n", "a \r b\r\n", "a \r b\r\n"},
      {"\n\ra", "\r\n\ra\r\n", "\r\n\ra\r\n"},
      // NUL, VT, FF and NBSP are not white space.
      {"a\0 \0b\0\r\n"s, "a\0 \0b\0\r\n"s, "a\0 \0b\0\r\n"s},
      {"a\v\f\r\n", "a\v\f\r\n", "a\v\f\r\n"},
      {"a \v \r\n", "a \v \r\n", "a \v\r\n"},
      {"a\xc2\xa0\r\n", "a\xc2\xa0\r\n", "a\xc2\xa0\r\n"},
  };
  for (const auto& [body, simple_form, relaxed_form] : cases) {
    EXPECT_EQ(printable(canonical_body(simple, body)), printable(simple_form)) << printable(body);
    EXPECT_EQ(printable(canonical_body(relaxed, body)), printable(relaxed_form)) << printable(body);
    EXPECT_EQ(printable(reference_body(simple, body)), printable(simple_form)) << "the reference is wrong";
    EXPECT_EQ(printable(reference_body(relaxed, body)), printable(relaxed_form)) << "the reference is wrong";
  }
}

std::size_t output_size(Canonicalization algorithm, std::string_view chunk, std::size_t times,
                        std::string_view last) {
  std::size_t size = 0;
  const BodyCanonicalizer::Sink count = [&](std::string_view piece) { size += piece.size(); };
  BodyCanonicalizer canonicalizer(algorithm);
  for (std::size_t i = 0; i < times; ++i)
    canonicalizer.update(chunk, count);
  canonicalizer.update(last, count);
  canonicalizer.finish(count);
  return size;
}

TEST(BodyCanon, millions_of_empty_lines) {
  const std::string thousand_lines = [] {
    std::string lines;
    for (int i = 0; i < 1000; ++i)
      lines += "\r\n";
    return lines;
  }();
  EXPECT_EQ(output_size(simple, thousand_lines, 5000, ""), 2U);
  EXPECT_EQ(output_size(relaxed, thousand_lines, 5000, ""), 0U);
  EXPECT_EQ(output_size(simple, thousand_lines, 5000, "end"), 10'000'000U + 5);
  EXPECT_EQ(output_size(relaxed, thousand_lines, 5000, "end"), 10'000'000U + 5);
  EXPECT_EQ(output_size(relaxed, " \r\n", 1'000'000, "end"), 2'000'000U + 5);
}

// At these sizes, anything but linear time would hang.
TEST(BodyCanon, one_chunk_that_repeats_a_single_byte) {
  constexpr std::size_t size = 32'000'000;
  for (const char octet : {' ', '\t', '\r', '\n', '\0', 'a'}) {
    const std::string body(size, octet);
    const bool white = octet == ' ' || octet == '\t';
    const std::size_t with_end = size + 2;
    EXPECT_EQ(output_size(simple, body, 1, ""), octet == '\n' ? 2 : with_end);
    EXPECT_EQ(output_size(relaxed, body, 1, ""), octet == '\n' || white ? 0 : with_end);
    EXPECT_EQ(output_size(relaxed, body, 1, "end"), octet == '\n' ? 2 * size + 5 : white ? 6 : with_end + 3);
  }
}

TEST(BodyCanon, pieces_are_few_and_bounded) {
  // The sink must not be called for each short line: hashing small pieces is slow.
  std::string body;
  while (body.size() < 1'000'000)
    body += "a\tb\r\n\r\n \r\n";
  std::size_t calls = 0;
  std::size_t largest = 0;
  const BodyCanonicalizer::Sink sink = [&](std::string_view piece) {
    ++calls;
    largest = std::max(largest, piece.size());
  };
  BodyCanonicalizer canonicalizer(relaxed);
  canonicalizer.update(body, sink);
  canonicalizer.finish(sink);
  EXPECT_LE(calls, body.size() / 2048);
  EXPECT_LE(largest, 8192U);
}

}  // namespace
}  // namespace dkim::test
