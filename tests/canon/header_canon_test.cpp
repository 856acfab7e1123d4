// Tests canon/header_canon: the canonical form of one header field.
#include "canon/header_canon.hpp"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/body_reference.hpp"
#include "tests/support/header_reference.hpp"
#include "tests/vectors/vector_file.hpp"

namespace dkim::test {
namespace {

using canon::canonical_field;
using canon::Canonicalization;
using canon::HeaderField;
using namespace std::string_literals;

constexpr auto simple = Canonicalization::simple;
constexpr auto relaxed = Canonicalization::relaxed;

HeaderField split(const std::string& field) {
  const auto colon = field.find(':');
  return {field.substr(0, colon), field.substr(colon + 1)};
}

TEST(HeaderCanon, rfc6376_examples) {
  for (const auto& vector : read_vectors("canonicalization.vec")) {
    const auto algorithms = canon::parse_canonicalization(vector.get("Algorithms"));
    ASSERT_TRUE(algorithms);
    const auto fields = vector.all("Field");
    const auto canonical = vector.all("Canonical");
    ASSERT_EQ(fields.size(), canonical.size());
    for (std::size_t i = 0; i < fields.size(); ++i)
      EXPECT_EQ(canonical_field(algorithms->header, split(fields[i])), canonical[i]) << vector.where();
  }
}

TEST(HeaderCanon, relaxed_forms) {
  const struct {
    std::string field;
    std::string canonical;
  } cases[] = {
      {"Subject: Hello", "subject:Hello\r\n"},
      // No space after the colon is as legal as several.
      {"Subject:Hello", "subject:Hello\r\n"},
      {"Subject: \t  Hello", "subject:Hello\r\n"},
      // A value may begin on the line after the colon.
      {"Subject:\r\n Hello", "subject:Hello\r\n"},
      {"Subject: \r\n\tHello", "subject:Hello\r\n"},
      {"Subject:\r\n \r\n Hello", "subject:Hello\r\n"},
      // A value may be empty, or only white space or folds.
      {"Subject:", "subject:\r\n"},
      {"Subject: ", "subject:\r\n"},
      {"Subject: \t \t", "subject:\r\n"},
      {"Subject:\r\n \r\n\t", "subject:\r\n"},
      // A fold leaves only its white space, as one SP.
      {"Subject: a\r\n b", "subject:a b\r\n"},
      {"Subject: a \t\r\n\t b", "subject:a b\r\n"},
      {"Subject: a\r\n \r\n b", "subject:a b\r\n"},
      {"Subject: a \t b", "subject:a b\r\n"},
      {"Subject: a\tb", "subject:a b\r\n"},
      // White space at the end is removed, also after a fold.
      {"Subject: a \t", "subject:a\r\n"},
      {"Subject: a\r\n ", "subject:a\r\n"},
      // White space before the colon belongs to neither name nor value.
      {"Subject : a", "subject:a\r\n"},
      {"Subject \t : a", "subject:a\r\n"},
      // The name becomes lower case; the value stays as it is.
      {"MIME-Version: 1.0 UPPER lower", "mime-version:1.0 UPPER lower\r\n"},
      {"X-\xc3\x84: \xc3\x84", "x-\xc3\x84:\xc3\x84\r\n"},
      // VT, FF and NUL are not white space in RFC 6376 §2.8; nor is a lone CR or LF.
      {"Subject: a\vb\f", "subject:a\vb\f\r\n"},
      {"Subject: \v a \f ", "subject:\v a \f\r\n"},
      {"Subject: a\0b \0"s, "subject:a\0b \0\r\n"s},
      {"Subject: a\rb \r", "subject:a\rb \r\r\n"},
      {"Subject: a:b: c", "subject:a:b: c\r\n"},
  };
  for (const auto& [field, canonical] : cases)
    EXPECT_EQ(printable(canonical_field(relaxed, split(field))), printable(canonical)) << printable(field);
}

TEST(HeaderCanon, simple_changes_nothing) {
  for (const std::string field :
       {"Subject:a", "SUBJECT : \ta  b \t", "Subject:\r\n \r\n b\r\n ", "a:", "A:\v\f\r"})
    EXPECT_EQ(canonical_field(simple, split(field)), field + "\r\n");
}

TEST(HeaderCanon, relaxed_follows_the_steps_of_the_rfc_and_is_idempotent) {
  constexpr std::string_view pieces[] = {"\r\n ", "\r\n\t", " ", "\t", "a", "B", ":", "\v", "\r", "word"};
  std::mt19937 random(342);
  std::uniform_int_distribution<std::size_t> any(0, std::size(pieces) - 1);
  for (int i = 0; i < 5000; ++i) {
    HeaderField field{"Name", ""};
    for (int n = 0; n < i % 20; ++n)
      field.value += pieces[any(random)];
    const std::string once = canonical_field(relaxed, field);
    ASSERT_EQ(printable(once), printable(reference_field(relaxed, field)));
    ASSERT_TRUE(once.starts_with("name:") && once.ends_with("\r\n"));
    const HeaderField again = split(once.substr(0, once.size() - 2));
    ASSERT_EQ(printable(canonical_field(relaxed, again)), printable(once)) << printable(field.value);
    ASSERT_EQ(once.find("  "), std::string::npos);
    ASSERT_EQ(once.find('\t'), std::string::npos);
  }
}

TEST(HeaderCanon, a_mebibyte_of_folds) {
  HeaderField field{"Subject", " a"};
  while (field.value.size() < 1'048'576)
    field.value += "\r\n ";
  EXPECT_EQ(canonical_field(relaxed, field), "subject:a\r\n");
  field.value += "b";
  EXPECT_EQ(canonical_field(relaxed, field), "subject:a b\r\n");
}

}  // namespace
}  // namespace dkim::test
