// Tests how a receiver judges a signature's key record (RFC 6376 §6.1.2), with a row for each requirement.
#include <gtest/gtest.h>

#include "tests/crypto/signatures/verifier_fixture.hpp"

namespace dkim::crypto {
namespace {

TEST_F(VerifierTest, TheRecordIsAskedForByName) {
  sign();
  std::vector<std::string> asked;
  judge([&](const std::string& name) {
    asked.push_back(name);
    return KeyAnswer{};
  });
  EXPECT_EQ(asked, std::vector<std::string>{"server._domainkey.example.com"});
}

TEST_F(VerifierTest, ABrokenSignatureFieldNeedsNoRecord) {
  message_.fields.insert(message_.fields.begin(), {"dkim-signature ", " v=1"});
  const auto verdict = judge([](const std::string&) -> KeyAnswer { throw std::runtime_error("asked"); });
  EXPECT_EQ(verdict.reason, VerifyReason::missing_tag);
  EXPECT_FALSE(verdict.signature);
}

struct RecordRow {
  const char* record;  // RSA is replaced by the right public key, ED25519 by the other one
  VerifyReason reason;
};

class VerifierRecordTest : public VerifierTest, public testing::WithParamInterface<RecordRow> {};

TEST_P(VerifierRecordTest, DecidesAsTheRfcSays) {
  sign("i=@sub.example.com; ");
  std::string text = GetParam().record;
  for (const auto algorithm : {Algorithm::rsa, Algorithm::ed25519}) {
    const std::string word = algorithm == Algorithm::rsa ? "RSA" : "ED25519";
    if (const auto at = text.find(word); at != std::string::npos)
      text.replace(at, word.size(), base64_encode(key(algorithm).public_key()));
  }
  const auto verdict = judge(always({text}));
  EXPECT_EQ(verdict.reason, GetParam().reason) << text << ": " << verdict.text;
  EXPECT_EQ(verdict.text.empty(), verdict.reason == VerifyReason::holds);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, VerifierRecordTest,
    testing::Values(
        RecordRow{"p=RSA", VerifyReason::holds}, RecordRow{"v=DKIM1; s=*; t=y; p=RSA", VerifyReason::holds},
        RecordRow{"h=sha1 : sha256; s=email:zz; p=RSA", VerifyReason::holds},
        RecordRow{"h=sha1; p=RSA", VerifyReason::key_hash},
        RecordRow{"h=SHA256; p=RSA", VerifyReason::key_hash},
        RecordRow{"s=tlsrpt; p=RSA", VerifyReason::key_syntax},
        RecordRow{"k=dsa; p=RSA", VerifyReason::key_syntax}, RecordRow{"p=", VerifyReason::key_revoked},
        RecordRow{"k=ed25519; p=", VerifyReason::key_revoked}, RecordRow{"k=rsa", VerifyReason::key_syntax},
        RecordRow{"", VerifyReason::key_syntax}, RecordRow{"v=spf1 -all", VerifyReason::key_syntax},
        RecordRow{"p=RSA; p=RSA", VerifyReason::key_syntax}, RecordRow{"p=AAAA", VerifyReason::key_syntax},
        RecordRow{"p=?", VerifyReason::key_syntax},
        RecordRow{"k=ed25519; p=ED25519", VerifyReason::key_of_other_kind},
        RecordRow{"p=ED25519", VerifyReason::key_syntax}, RecordRow{"t=s; p=RSA", VerifyReason::key_strict},
        RecordRow{"t=y:s; p=RSA", VerifyReason::key_strict}));

TEST_F(VerifierTest, StrictKeysAllowTheDomainItself) {
  sign("i=x@Example.COM; ");
  EXPECT_EQ(judge(always({record("t=s; ")})).reason, VerifyReason::holds);
}

TEST_F(VerifierTest, AKeyInTestModeIsMentioned) {
  sign();
  const auto verdict = judge(always({record("t=y; ")}));
  EXPECT_EQ(verdict.result(), VerifyResult::pass);
  EXPECT_EQ(verdict.notes,
            std::vector<std::string>{"the key record says t=y: the domain is only testing DKIM"});
}

TEST_F(VerifierTest, NoKeyAndNoAnswerGiveDifferentResults) {
  sign();
  EXPECT_EQ(judge(always({})).result(), VerifyResult::permerror);
  const KeyAnswer no_answer{Kind::unavailable, {}, "answers \x1b"};
  const auto verdict = judge([&](const std::string&) { return no_answer; });
  EXPECT_EQ(verdict.result(), VerifyResult::temperror);
  EXPECT_EQ(verdict.text, "the key could not be looked up: answers \\x1b");
}

TEST_F(VerifierTest, AWeakKeyCountsForNothing) {
  // The signature would hold, but RFC 8301 §3.2 forbids such a key.
  const EvpPkeyPtr weak(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{1016}));
  std::vector<unsigned char> octets(static_cast<std::size_t>(i2d_PublicKey(weak.get(), nullptr)));
  unsigned char* end = octets.data();
  i2d_PublicKey(weak.get(), &end);
  sign();
  EXPECT_EQ(judge(always({"p=" + base64_encode(octets)})).reason, VerifyReason::weak_key);
}

TEST_F(VerifierTest, EachOfSeveralRecordsIsTried) {
  sign();
  const std::string other = "p=" + base64_encode(PrivateKey::generate_rsa(1024).public_key());
  for (const auto& values : {std::vector{record(), other}, std::vector{other, record()},
                             std::vector{std::string("v=spf1"), record()}}) {
    const auto verdict = judge(always(values));
    EXPECT_EQ(verdict.result(), VerifyResult::pass);
    ASSERT_EQ(verdict.notes.size(), 1U);
    EXPECT_TRUE(verdict.notes.front().starts_with("2 TXT records at server._domainkey.example.com"));
  }
  // If none holds, the verdict is that of the record that got furthest.
  EXPECT_EQ(judge(always({"v=spf1", other, "p="})).reason, VerifyReason::not_by_this_key);
  // The good record is beyond the limit.
  std::vector<std::string> many(max_records, other);
  many.push_back(record());
  EXPECT_EQ(judge(always(many)).result(), VerifyResult::fail);
}

}  // namespace
}  // namespace dkim::crypto
