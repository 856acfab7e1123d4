// Tests how a receiver judges a message (RFC 6376 §6): the RFCs' own examples, then each way in which a
// message fails.
#include "crypto/signatures/verifier.hpp"

#include <gtest/gtest.h>

#include <map>

#include "tests/crypto/signatures/verifier_fixture.hpp"
#include "tests/vectors/vector_file.hpp"

namespace dkim::crypto {
namespace {

using canon::HeaderField;

TEST(VerifierRfcTest, TheExamplesHold) {
  std::map<std::string, std::string> records;
  for (const auto& vector : test::read_vectors("records.vec"))
    records[vector.get("Name")] = vector.get("Record");
  const KeyLookup lookup = [&](const std::string& name) {
    const auto found = records.find(name);
    return found == records.end() ? KeyAnswer{} : KeyAnswer{Kind::found, {found->second}, ""};
  };
  const auto reasons = [&](const test::ParsedMessage& message) {
    std::vector<VerifyReason> out;
    for (const auto& verdict : verify_message(message.fields, message.body, lookup, now))
      out.push_back(verdict.reason);
    return out;
  };
  const std::map<std::string, std::size_t> signatures{{"rfc6376_a.eml", 1}, {"rfc8463.eml", 2}};
  for (const auto& [file, count] : signatures) {
    const auto message = test::parse_message(test::read_vector_file(file));
    const auto verdicts = verify_message(message.fields, message.body, lookup, now);
    EXPECT_EQ(verdicts.size(), count);
    for (const auto& verdict : verdicts) {
      EXPECT_EQ(verdict.result(), VerifyResult::pass) << file << ": " << verdict.text;
      EXPECT_TRUE(verdict.notes.empty()) << verdict.notes.front();
    }
    auto damaged = message;
    damaged.body += "x\r\n";
    EXPECT_EQ(reasons(damaged), std::vector(count, VerifyReason::body_differs));
    damaged = message;
    damaged.fields.back().value += "x";
    EXPECT_EQ(reasons(damaged), std::vector(count, VerifyReason::header_differs));
  }
}

TEST_F(VerifierTest, APassNamesItsSignature) {
  sign("i=x@sub.example.com; t=1; ");
  const auto verdict = judge();
  EXPECT_EQ(verdict.result(), VerifyResult::pass);
  EXPECT_EQ(verdict.text, "");
  EXPECT_EQ(verdict.field, 0U);
  EXPECT_EQ(verdict.body_holds, true);
  EXPECT_EQ(verdict.header_holds, true);
  ASSERT_TRUE(verdict.key && verdict.signature);
  EXPECT_EQ(verdict.key->bits(), 1024);
  EXPECT_EQ(verdict.signature->domain, "example.com");
}

TEST_F(VerifierTest, TheReasonSaysWhetherHeaderOrBodyDiffers) {
  for (const auto algorithm : {Algorithm::rsa, Algorithm::ed25519}) {
    const auto lookup = always({record("", algorithm)});
    message_.fields.erase(message_.fields.begin(), message_.fields.end() - 3);
    message_.body = "first\r\nsecond\r\n";
    message_.fields[1].value = " x";
    sign("", algorithm);
    message_.body += "third\r\n";
    auto verdict = judge(lookup);
    EXPECT_EQ(verdict.reason, VerifyReason::body_differs);
    EXPECT_EQ(verdict.header_holds, true);
    EXPECT_EQ(verdict.body_holds, false);
    message_.fields[2].value = " y";
    verdict = judge(lookup);
    EXPECT_EQ(verdict.reason, VerifyReason::both_differ);
    message_.body = "first\nsecond\n\n";
    verdict = judge(lookup);
    EXPECT_EQ(verdict.reason, VerifyReason::header_differs);
    EXPECT_EQ(verdict.header_holds, false);
    EXPECT_EQ(verdict.body_holds, true);
  }
}

TEST_F(VerifierTest, OnlyRsaTellsAnotherKeyFromAnotherHeader) {
  sign();
  const auto other = PrivateKey::generate_rsa(1024);
  const auto verdict = judge(always({"p=" + base64_encode(other.public_key())}));
  EXPECT_EQ(verdict.reason, VerifyReason::not_by_this_key);
  EXPECT_FALSE(verdict.header_holds);
  EXPECT_EQ(verdict.body_holds, true);
  message_.fields.erase(message_.fields.begin());
  sign("", Algorithm::ed25519);
  const auto other_ed = PrivateKey::generate_ed25519();
  EXPECT_EQ(judge(always({"k=ed25519; p=" + base64_encode(other_ed.public_key())})).reason,
            VerifyReason::header_differs);
}

TEST_F(VerifierTest, Times) {
  const auto seconds = now.time_since_epoch().count();
  const auto tag = [](const char* name, std::int64_t value) {
    return std::string(name) + "=" + std::to_string(value) + "; ";
  };
  const std::vector<std::tuple<std::string, VerifyReason, bool>> rows{
      {tag("x", seconds), VerifyReason::holds, false},
      {tag("x", seconds - 1), VerifyReason::expired, false},
      {tag("t", seconds), VerifyReason::holds, false},
      {tag("t", seconds + 1), VerifyReason::holds, true},
      {"t=99999999999999999999; ", VerifyReason::holds, true},
      {tag("t", 5) + tag("x", 6), VerifyReason::expired, false}};
  for (const auto& [tags, reason, noted] : rows) {
    sign(tags);
    const auto verdict = judge();
    EXPECT_EQ(verdict.reason, reason) << tags;
    EXPECT_EQ(!verdict.notes.empty(), noted) << tags;
    message_.fields.erase(message_.fields.begin());
  }
  EXPECT_EQ(result_of(VerifyReason::expired), VerifyResult::policy);
}

TEST_F(VerifierTest, ABodyLimitIsHonouredWithAWarning) {
  sign("l=7; ", Algorithm::rsa, 7);  // "first" and its line end
  auto verdict = judge();
  EXPECT_EQ(verdict.result(), VerifyResult::pass);
  EXPECT_EQ(verdict.notes,
            std::vector<std::string>{
                "the last 8 bytes of the body are not signed (l=): anybody could have put them there"});
  message_.body = "first\r\n";
  verdict = judge();
  EXPECT_EQ(verdict.result(), VerifyResult::pass);
  EXPECT_EQ(verdict.notes,
            std::vector<std::string>{"l= covers the whole body, but anybody could append to it"});
  message_.body = "firs";
  verdict = judge();
  EXPECT_EQ(verdict.reason, VerifyReason::body_differs);
  EXPECT_EQ(verdict.text, "the body is shorter than l= says; the header is as signed");
}

TEST_F(VerifierTest, ABodyHashOfAnotherLengthIsNoMatch) {
  sign();
  auto& value = message_.fields.front().value;
  const auto at = value.find("bh=") + 3;
  value.replace(at, 44, "");
  EXPECT_EQ(judge().reason, VerifyReason::syntax);
  value.insert(at, "AAAA");
  EXPECT_EQ(judge().body_holds, false);
}

TEST_F(VerifierTest, RepeatedFieldsAreTakenFromTheBottomUpAndItsOwnFieldNever) {
  const std::vector<HeaderField> message{{"A", "1"}, {"DKIM-Signature", "2"}, {"a ", "3"}, {"B", "4"},
                                         {"A", "5"}, {"DKIM-Signature", "6"}};
  const std::vector<std::string> names{"a", "B", "A", "dkim-signature", "a", "A", "DKIM-Signature", "c"};
  EXPECT_EQ(signed_fields(message, names, 5), (std::vector<std::size_t>{4, 3, 2, 1, 0}));
  EXPECT_EQ(signed_fields(message, names, 1), (std::vector<std::size_t>{4, 3, 2, 5, 0}));
}

TEST_F(VerifierTest, AnUnsignedFromFieldIsMentioned) {
  sign();
  message_.fields.insert(message_.fields.begin(), {"from", " evil@example.org"});
  const auto verdict = judge();
  EXPECT_EQ(verdict.result(), VerifyResult::pass);
  ASSERT_EQ(verdict.notes.size(), 1U);
  EXPECT_TRUE(verdict.notes.front().starts_with("there is a From field that is not signed"));
}

TEST_F(VerifierTest, TheNumberOfSignaturesIsLimited) {
  std::size_t asked = 0;
  for (std::size_t i = 0; i < max_signatures + 3; ++i)
    sign();
  const auto verdicts = verify_message(
      message_.fields, message_.body,
      [&](const std::string&) {
        ++asked;
        return KeyAnswer{Kind::found, {record()}, ""};
      },
      now);
  ASSERT_EQ(verdicts.size(), max_signatures + 3);
  EXPECT_EQ(asked, max_signatures);
  EXPECT_EQ(verdicts[max_signatures - 1].result(), VerifyResult::pass);
  EXPECT_EQ(verdicts[max_signatures].result(), VerifyResult::neutral);
  EXPECT_EQ(verdicts.back().field, max_signatures + 2);
}

TEST(VerifierWithoutSignatureTest, GivesNoVerdict) {
  EXPECT_TRUE(verify_message({}, "", always({}), now).empty());
  EXPECT_TRUE(verify_message({{"From", "a"}, {"X-DKIM-Signature", "v=1"}}, "x", always({}), now).empty());
}

}  // namespace
}  // namespace dkim::crypto
