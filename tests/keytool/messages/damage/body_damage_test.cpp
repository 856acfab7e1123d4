// Tests hints about bodies that were changed on their way, one row for each change.
#include "keytool/messages/damage/body_damage.hpp"

#include <gtest/gtest.h>

#include "tests/keytool/messages/damage/damage_fixture.hpp"

namespace dkim::keytool {
namespace {

using canon::Canonicalization;

std::string body_hint(const Message& message) {
  const auto verdict = judge(message);
  EXPECT_EQ(verdict.body_holds, false);
  return body_damage(*verdict.signature, message.body).value_or("");
}

struct BodyRow {
  const char* name;
  std::string body;
  std::string damaged;
  const char* hint;  // "" for none
  canon::CanonicalizationPair pair = {Canonicalization::relaxed, Canonicalization::relaxed};
};

void PrintTo(const BodyRow& row, std::ostream* out) {
  *out << row.name;
}

class BodyDamageTest : public testing::TestWithParam<BodyRow> {};

TEST_P(BodyDamageTest, HintSaysWhatUndoesIt) {
  auto message = signed_message(letter(GetParam().body), Algorithm::ed25519, GetParam().pair);
  message.body = GetParam().damaged;
  const std::string hint = body_hint(message);
  EXPECT_TRUE(GetParam().hint[0] == '\0' ? hint.empty() : hint.find(GetParam().hint) != std::string::npos)
      << hint;
}

// The hash matches, and no white space was changed: only l= is wrong.
TEST(BodyDamage, ALengthBeyondTheEnd) {
  for (const auto pair :
       {simple, canon::CanonicalizationPair{Canonicalization::relaxed, Canonicalization::relaxed}}) {
    const auto message = signed_message(letter(), Algorithm::ed25519, pair, "l=20; ");
    EXPECT_EQ(
        body_hint(message),
        "the hash is that of the whole body, which has 15 bytes, fewer than l= says: the signer counted "
        "wrongly");
  }
}

const std::string long_line(2500, 'x');
const std::string text = "Hello\r\n\r\nbody\r\n";

INSTANTIATE_TEST_SUITE_P(
    Rows, BodyDamageTest,
    testing::Values(
        BodyRow{"one line appended", text, text + "x\r\n", "without the last line (3 bytes)"},
        BodyRow{"appended after empty lines", text, text + "\r\n\r\nx\r\n",
                "without the last 3 lines (7 bytes)"},
        BodyRow{"appended under simple", text, text + "___ \r\nx\r\n", "without the last 2 lines", simple},
        BodyRow{"appended to LF text", text, "Hello\n\nbody\nfooter\n", "without the last line"},
        BodyRow{"all of it is new", "", text, "the signed body is empty"},
        BodyRow{"all of it is new, simple", "", text, "the signed body is empty", simple},
        BodyRow{"put on top", text, "[external]\r\n\r\n" + text, "without the first 2 lines (14 bytes)"},
        BodyRow{"white space added", "a b\r\nc\r\n", "a  b \r\nc\t\r\n", "matches under relaxed", simple},
        BodyRow{"dashes", "Hi\r\n-- \r\nme\r\n", "Hi\r\n--\r\nme\r\n", "white space at line ends was lost",
                simple},
        BodyRow{"From escaped", "Hi\r\nFrom here\r\n", "Hi\r\n>From here\r\n", "\"From \" again"},
        BodyRow{"dots doubled", "a\r\n.\r\n.b\r\n", "a\r\n..\r\n..b\r\n", "one of two dots"},
        BodyRow{"dots lost", "a\r\n..\r\n.b\r\n", "a\r\n.\r\nb\r\n", ""},
        BodyRow{"a dot of two lost", "a\r\n..b\r\n", "a\r\n.b\r\n", "lost in SMTP"},
        BodyRow{"CR doubled", "a\r\nb\r\n", "a\r\r\nb\r\r\n", "second CR"},
        BodyRow{"line ends doubled", "a\r\nb\r\n", "a\r\n\r\nb\r\n\r\n",
                "each doubled line end is a single one"},
        BodyRow{"CR as line end", "a\r\nb\r\n", "a\rb\r", "each CR ends a line"},
        BodyRow{"first empty line lost", "\r\na\r\n", "a\r\n", "an empty line at the beginning is restored"},
        BodyRow{"quoted-printable",
                "Gr\xc3\xbc\xc3\x9f"
                "e = 1 \r\nx\r\n",
                "Gr=C3=BC=C3=\r\n=9Fe =3D 1=20\r\nx\r\n", "the body is decoded from quoted-printable"},
        BodyRow{"quoted-printable parts",
                "--b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xc3\xbc = 1\r\n--b\r\n\r\n=C3\r\n--b--\r\n",
                "--b\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=BC =3D "
                "1\r\n--b\r\n\r\n=C3\r\n--b--\r\n",
                "its parts are decoded from quoted-printable"},
        BodyRow{"base64",
                "Gr\xc3\xbc\xc3\x9f"
                "e\r\n",
                "R3LDvMOf\r\nZQ0K\r\n", "decoded from base64"},
        BodyRow{"cut by Postfix", "a\r\n" + long_line + "\r\nb\r\n",
                "a\r\n" + long_line.substr(0, 998) + "\r\n " + long_line.substr(0, 998) + "\r\n " +
                    long_line.substr(1996) + "\r\nb\r\n",
                "cut at 998"},
        BodyRow{"cut without a space", long_line + "\r\n",
                long_line.substr(0, 998) + "\r\n" + long_line.substr(0, 998) + "\r\n" +
                    long_line.substr(1996) + "\r\n",
                "cut at 998"},
        BodyRow{"cut at 990", long_line + "\r\n",
                long_line.substr(0, 990) + "\r\n " + long_line.substr(0, 990) + "\r\n " +
                    long_line.substr(1980) + "\r\n",
                "cut at 990"},
        BodyRow{"cut by sendmail", long_line.substr(0, 1200) + "\r\n",
                long_line.substr(0, 989) + "!\r\n " + long_line.substr(0, 211) + "\r\n", "cut with \"!\""},
        BodyRow{"a byte changed", text, "hello\r\n\r\nbody\r\n", ""},
        BodyRow{"cut off", text, "Hello\r\n", ""}, BodyRow{"cut off to nothing", text, "", ""},
        BodyRow{"replaced", text, "\x01\xff=\r\n.\r\n>From \r\n", ""}));

TEST(BodyDamageOfSignersTest, AHashOfOtherData) {
  // Puts the hash of other data into the signature field, as a faulty signer does.
  const auto hint_for = [](std::string_view hashed, const std::string& tags) {
    auto message = signed_message(letter("a  b\r\n\r\n"));
    crypto::Sha256 hash;
    hash.update(hashed);
    crypto::SignatureField field = *judge(message).signature;
    const auto digest = hash.finish();
    field.body_hash.assign(digest.begin(), digest.end());
    if (tags == "simple") field.canonicalization = simple;
    return body_damage(field, message.body).value_or("");
  };
  EXPECT_NE(hint_for("a  b\r\n", "").find("matches under simple: the signer used that"), std::string::npos);
  EXPECT_NE(hint_for("a b\r\n", "simple").find("matches under relaxed"), std::string::npos);
  EXPECT_NE(hint_for("a  b\n\n", "").find("with LF as line ends"), std::string::npos);
  EXPECT_NE(hint_for("a  b\r\n\r\n", "").find("without any canonicalization"), std::string::npos);
  EXPECT_EQ(hint_for("a", ""), "");
}

TEST(BodyDamageOfSignersTest, AHashOfAnotherAlgorithm) {
  auto field = *judge(signed_message(letter())).signature;
  field.body_hash.resize(20);
  EXPECT_EQ(body_damage(field, "x"), "bh= is not a SHA-256 hash: it has 20 bytes instead of 32");
}

TEST(BodyDamageOfSignersTest, AFooterIsFoundBelowAVeryLongBody) {
  std::string body;
  for (int i = 0; i < 50'000; ++i)
    body += "line " + std::to_string(i) + "\r\n";
  auto message = signed_message(letter(body));
  message.body += "footer\r\n";
  EXPECT_NE(body_hint(message).find("without the last line"), std::string::npos);
  // A footer of more lines than are tried is not found.
  for (int i = 0; i < 6'000; ++i)
    message.body += "more\r\n";
  EXPECT_EQ(body_hint(message), "");
}

}  // namespace
}  // namespace dkim::keytool
