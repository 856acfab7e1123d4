// Signs messages, changes them as mail systems do, and tests the hints, also for changes without a usual
// cause.
#include "keytool/messages/damage/damage_hints.hpp"

#include <gtest/gtest.h>

#include "keytool/messages/damage/encoded_words.hpp"
#include "keytool/messages/damage/header_damage.hpp"
#include "keytool/messages/damage/quoted_printable.hpp"
#include "tests/keytool/messages/damage/damage_fixture.hpp"

namespace dkim::keytool {
namespace {

std::string hints(const Message& message) {
  std::string text;
  for (const auto& hint : damage_hints(judge(message), message.fields, message.body))
    text += hint + "\n";
  return text;
}

TEST(DamageHintsTest, NoneIfTheSignatureHoldsOrCannotBeJudged) {
  auto message = signed_message(letter());
  EXPECT_EQ(hints(message), "");
  message.fields.front().value.insert(1, "x");
  EXPECT_EQ(hints(message), "");
}

TEST(DamageHintsTest, BodyAndHeaderHaveTheirOwn) {
  auto message = signed_message(letter());
  message.body += "-- \r\nfooter\r\n";
  message.fields[3].value = " [List] one two";
  EXPECT_EQ(
      hints(message),
      "body: the hash matches without the last 2 lines (12 bytes), appended on the way, as mailing lists do\n"
      "header: the signature holds once the mark \"[List]\" is removed from the Subject\n");
}

TEST(DamageHintsTest, UnusualDamageIsNotGuessedAt) {
  auto message = signed_message(letter());
  message.body[0] = 'J';
  message.fields[3].value = " three";
  EXPECT_EQ(hints(message),
            "body: no usual cause found\nheader: no usual cause found\n"
            "header: in h= but not in the message, removed or never there: Cc, Content-Transfer-Encoding, "
            "MIME-Version\n");
}

TEST(DamageHintsTest, ASignatureByAnotherKeyHasNone) {
  auto message = signed_message(letter());
  auto& value = message.fields.front().value;
  value[value.size() - 9] = value[value.size() - 9] == 'A' ? 'B' : 'A';
  EXPECT_EQ(judge(message).reason, crypto::VerifyReason::not_by_this_key);
  EXPECT_EQ(hints(message), "");
}

// The field that is really gone comes first: fields that h= names twice and the message has once do not hide
// it.
TEST(DamageHintsTest, AFieldThatIsGoneComesFirst) {
  auto message = signed_message(letter());
  std::erase_if(message.fields, [](const auto& field) { return field.name == "Subject"; });
  message.body += "x";
  EXPECT_NE(hints(message).find("header: removed after signing, as h= shows: Subject\n"
                                "header: in h= but not in the message, removed or never there: Cc, "
                                "Content-Transfer-Encoding, MIME-Version\n"),
            std::string::npos)
      << hints(message);
}

TEST(MissingFieldsTest, AreCounted) {
  const auto missing = [](std::vector<HeaderField> fields) {
    auto message = signed_message({std::move(fields), ""});
    return missing_fields(*judge(message).signature, message.fields, 0);
  };
  const auto most = missing({{"From", " A <a@example.com>"}, {"subject", " x"}, {"Subject ", " y"}});
  EXPECT_EQ(most.gone, "");
  EXPECT_EQ(most.fewer, "");
  EXPECT_EQ(most.perhaps_never_there, "To, Cc, Content-Transfer-Encoding, MIME-Version");
  EXPECT_EQ(missing({{"To", " a"}, {"From", " A <a@example.com>"}}).gone, "Subject");
}

TEST(MissingFieldsTest, FewerThanNamed) {
  auto message = signed_message(letter());
  auto& value = message.fields.front().value;
  value.replace(value.find("h=From:"), 7, "h=From:To:To:");
  const auto missing = missing_fields(*judge(message).signature, message.fields, 0);
  EXPECT_EQ(missing.fewer, "To");
}

TEST(EncodedWordsTest, AreDecoded) {
  const std::vector<std::pair<std::string, std::string>> rows{{"a", "a"},
                                                              {" =?x?q?a_b=3D?= c", " a b= c"},
                                                              {"=?x?B?YWI=?=", "ab"},
                                                              {"=?x?q?a?= =?x?q?b?=", "ab"},
                                                              {"=?x?q?a?=\r\n =?x?q?b?= =", "ab ="},
                                                              {"=?x?q?a?= c =?x?q?b?=", "a c b"},
                                                              {"=?x?q?a", "=?x?q?a"},
                                                              {"=?x?B?*?=", "=?x?B?*?="},
                                                              {"=?x?z?a?=", "=?x?z?a?="},
                                                              {"=?", "=?"},
                                                              {"=?x?", "=?x?"},
                                                              {"=?x?q", "=?x?q"}};
  for (const auto& [value, decoded] : rows)
    EXPECT_EQ(decode_encoded_words(value), decoded);
}

TEST(QuotedPrintableTest, IsDecodedAndTheRestLeftAlone) {
  EXPECT_EQ(decode_quoted_printable("a=3Db=\r\nc=3db=X=\r\n"), "a=bc=b=X");
  EXPECT_EQ(decode_quoted_printable("=4"), "=4");
  EXPECT_EQ(decode_quoted_printable("="), "=");
}

}  // namespace
}  // namespace dkim::keytool
