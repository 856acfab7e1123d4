// Tests hints about header fields that were changed on their way, one row for each change.
#include "keytool/messages/damage/header_damage.hpp"

#include <gtest/gtest.h>

#include "keytool/messages/damage/header_repairs.hpp"
#include "tests/keytool/messages/damage/damage_fixture.hpp"

namespace dkim::keytool {
namespace {

using canon::Canonicalization;
using canon::HeaderField;

std::string header_hint(const Message& message) {
  const auto verdict = judge(message);
  EXPECT_EQ(verdict.header_holds, false);
  return header_damage(verdict, message.fields).value_or("");
}

struct HeaderRow {
  const char* name;
  std::vector<HeaderField> before;
  std::vector<HeaderField> after;
  const char* hint;
  canon::CanonicalizationPair pair = {Canonicalization::relaxed, Canonicalization::relaxed};
};

void PrintTo(const HeaderRow& row, std::ostream* out) {
  *out << row.name;
}

class HeaderDamageTest : public testing::TestWithParam<HeaderRow> {};

// Runs with both algorithms: with Ed25519 each try is a public-key operation.
TEST_P(HeaderDamageTest, HintSaysWhatUndoesIt) {
  for (const auto algorithm : {Algorithm::rsa, Algorithm::ed25519}) {
    auto message = signed_message({GetParam().before, "x\r\n"}, algorithm, GetParam().pair);
    message.fields.resize(1);
    message.fields.insert(message.fields.end(), GetParam().after.begin(), GetParam().after.end());
    const std::string hint = header_hint(message);
    EXPECT_TRUE(GetParam().hint[0] == '\0' ? hint.empty() : hint.find(GetParam().hint) != std::string::npos)
        << hint;
  }
}

const HeaderField from{"From", " A <a@example.com>"};
const HeaderField to{"To", " b@example.org, c@example.org"};
const HeaderField subject{"Subject", " one two"};

INSTANTIATE_TEST_SUITE_P(
    Rows, HeaderDamageTest,
    testing::Values(
        HeaderRow{"a field added", {from, to}, {{"Cc", " x"}, from, to}, "a field Cc is left out"},
        HeaderRow{"an oversigned field again",
                  {from, subject},
                  {{"Subject", " x"}, from, subject},
                  "a field Subject is left out"},
        HeaderRow{
            "list mark", {from, subject}, {from, {"Subject", " [A list] one two"}}, "mark \"[A list]\""},
        HeaderRow{"mark behind Re:",
                  {from, {"Subject", " Re: one"}},
                  {from, {"Subject", " Re: [L] one"}},
                  "mark \"[L]\""},
        HeaderRow{
            "spam mark", {from, subject}, {from, {"Subject", " ***SPAM*** one two"}}, "mark \"***SPAM***\""},
        HeaderRow{
            "mark without a space", {from, subject}, {from, {"Subject", " {x}one two"}}, "mark \"{x}\""},
        HeaderRow{"From rewritten",
                  {from, to},
                  {{"From", " A via L <l@example.net>"}, {"Reply-To", from.value}, to},
                  "From is what Reply-To says"},
        HeaderRow{"From rewritten in another way",
                  {from},
                  {{"From", " l@example.net"}, {"X-Original-From", from.value}},
                  "From is what X-Original-From says"},
        HeaderRow{"recoded",
                  {from, {"Content-Transfer-Encoding", " 8bit"}},
                  {from, {"Content-Transfer-Encoding", " quoted-printable"}},
                  "Content-Transfer-Encoding is \"8bit\", not \"quoted-printable\""},
        HeaderRow{"MIME-Version lost",
                  {from, {"MIME-Version", " 1.0"}},
                  {from},
                  "the field MIME-Version: 1.0 is restored"},
        HeaderRow{"charset",
                  {from,
                   {"Subject",
                    " Gr\xc3\xbc\xc3\x9f"
                    "e von mir"}},
                  {from, {"Subject", " =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=\r\n =?UTF-8?B?IHZvbiBtaXI=?="}},
                  "encoded words of Subject are plain text"},
        HeaderRow{"commas",
                  {from, {"To", " b@x,c@x"}},
                  {from, {"To", " b@x, c@x"}},
                  "no space after the commas of To"},
        HeaderRow{"commas, the other way",
                  {from, {"To", " b@x, c@x"}},
                  {from, {"To", " b@x,c@x"}},
                  "a space after the commas of To"},
        HeaderRow{"quotes",
                  {from, {"To", " B C <b@x>"}},
                  {from, {"To", " \"B C\" <b@x>"}},
                  "quotes of To are removed"},
        HeaderRow{"brackets",
                  {{"From", " a@example.com"}},
                  {{"From", " <a@example.com>"}},
                  "angle brackets of From are removed"},
        HeaderRow{"case",
                  {from, {"Cc", " b@example.org"}},
                  {from, {"Cc", " B@Example.ORG"}},
                  "Cc is in lower case"},
        HeaderRow{"two at once",
                  {from, subject},
                  {{"Cc", " x"}, from, {"Subject", " [L] one two"}},
                  ", and the mark \"[L]\""},
        HeaderRow{"folded again",
                  {from, {"To", " b@x, c@x"}},
                  {from, {"To", " b@x,\r\n\tc@x"}},
                  "folds of To are spaces again",
                  simple},
        HeaderRow{"unfolded",
                  {from, {"To", " b@x,\r\n c@x"}},
                  {from, {"To", " b@x, c@x"}},
                  "after its commas are restored",
                  simple},
        HeaderRow{"tab for space",
                  {from, {"To", " b@x,\r\n c@x"}},
                  {from, {"To", " b@x,\r\n\tc@x"}},
                  "begin with a space instead of a tab",
                  simple},
        HeaderRow{"space after the colon",
                  {from, {"To", "b@x"}},
                  {from, {"To", " b@x"}},
                  "white space at the ends of To is removed",
                  simple},
        HeaderRow{"two spaces",
                  {from, {"To", "  b@x"}},
                  {from, {"To", " b@x"}},
                  "second space in front of To",
                  simple},
        HeaderRow{"name's case",
                  {from, {"Mime-Version", " 1.0"}},
                  {from, {"MIME-Version", " 1.0"}},
                  "MIME-Version is written Mime-Version",
                  simple},
        HeaderRow{"text changed", {from, subject}, {from, {"Subject", " one too"}}, ""},
        HeaderRow{"field lost", {from, to, subject}, {from, subject}, ""},
        HeaderRow{"From lost", {from}, {}, ""},
        HeaderRow{"marks without an end", {from, subject}, {from, {"Subject", " [*** {"}}, ""}));

TEST(HeaderDamageOfSignersTest, TheSignatureFieldFoldedAgainUnderSimple) {
  auto message = signed_message({{from}, "x\r\n"}, Algorithm::rsa, simple);
  auto& value = message.fields.front().value;
  value.replace(value.find("\r\n\t"), 3, "\r\n ");
  EXPECT_NE(header_hint(message).find("folds of DKIM-Signature begin with a tab"), std::string::npos);
}

TEST(HeaderDamageOfSignersTest, OtherCanonicalizationAndOrder) {
  auto message =
      signed_message({{{"From", " A  <a@example.com>"}, {"Subject", " 1"}, {"Subject", " 2"}}, "x\r\n"});
  auto verdict = judge(message);
  verdict.signature->canonicalization.header = Canonicalization::simple;
  EXPECT_NE(header_damage(verdict, message.fields).value_or("").find("holds under relaxed"),
            std::string::npos);
  verdict = judge(message);
  std::swap(message.fields[2], message.fields[3]);
  EXPECT_NE(header_damage(verdict, message.fields).value_or("").find("the opposite order"),
            std::string::npos);
}

TEST(HeaderDamageOfSignersTest, TheWorkIsBounded) {
  // Without a bound, thousands of fields with signed names would take hours.
  Message message{{from}, "x\r\n"};
  for (int i = 0; i < 9'000; ++i)
    message.fields.push_back({"Cc", " x" + std::to_string(i)});
  message = signed_message(message);
  message.fields[1].value += "x";
  EXPECT_EQ(header_hint(message), "");

  // Half of the fields are From now, and the others may have copies of it.
  for (std::size_t i = 1; i < message.fields.size(); ++i)
    message.fields[i].name = i % 2 == 0 ? "From" : "Reply-To";
  EXPECT_EQ(header_hint(message), "");
  EXPECT_LE(header_repairs(*judge(message).signature, message.fields, 0).size(), 4100U);
}

}  // namespace
}  // namespace dkim::keytool
