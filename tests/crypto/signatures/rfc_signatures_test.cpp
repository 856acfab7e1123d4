// Makes the signatures in RFC 6376 appendix A and RFC 8463 appendix A again, byte for byte: RSASSA-PKCS1-v1_5
// and Ed25519 are deterministic.
#include <gtest/gtest.h>

#include "crypto/base64.hpp"
#include "crypto/keys/key_record.hpp"
#include "tests/crypto/signatures/signature_verifier.hpp"
#include "tests/crypto/test_store.hpp"
#include "tests/vectors/vector_file.hpp"

namespace dkim::crypto {
namespace {

struct Example {
  const char* message;
  const char* key;
  // The selector of one of the message's signatures.
  const char* selector;
};

void PrintTo(const Example& example, std::ostream* out) {
  *out << example.key;
}

class RfcSignatureTest : public testing::TestWithParam<Example> {
 protected:
  RfcSignatureTest()
      : message_(test::parse_message(test::read_vector_file(GetParam().message))),
        key_(PrivateKey::from_pem(test::secret(test::read_vector_file(GetParam().key)))) {
    // No signature covers another one, because h= does not name them: all are removed from the message.
    std::erase_if(message_.fields, [this](const canon::HeaderField& field) {
      if (field.name != "DKIM-Signature") return false;
      if (test::tag(field, "s") == GetParam().selector) signature_ = field;
      return true;
    });
  }

  test::ParsedMessage message_;
  canon::HeaderField signature_;
  PrivateKey key_;
};

TEST_P(RfcSignatureTest, BodyHash) {
  EXPECT_EQ(test::body_hash(signature_, message_.body), test::tag(signature_, "bh"));
}

TEST_P(RfcSignatureTest, SignatureByteForByte) {
  EXPECT_EQ(base64_encode(key_.sign(test::signed_digest(signature_, message_.fields))),
            test::tag(signature_, "b"));
}

TEST_P(RfcSignatureTest, Verifies) {
  EXPECT_EQ(test::verify(signature_, message_, key_), "");
}

TEST_P(RfcSignatureTest, AnAlteredMessageDoesNotVerify) {
  message_.fields.back().value += "x";
  EXPECT_EQ(test::verify(signature_, message_, key_), "the signature does not hold");
  message_.body += "x";
  EXPECT_EQ(test::verify(signature_, message_, key_), "the body hash differs");
}

INSTANTIATE_TEST_SUITE_P(Rfc, RfcSignatureTest,
                         testing::Values(Example{"rfc6376_a.eml", "rfc6376_rsa.pem", "brisbane"},
                                         Example{"rfc8463.eml", "rfc8463_rsa.pem", "test"},
                                         Example{"rfc8463.eml", "rfc8463_ed25519.pem", "brisbane"}));

TEST(RfcRecordTest, PublicKeysOfTheRfcs) {
  for (const auto& vector : test::read_vectors("records.vec")) {
    const auto key = PrivateKey::from_pem(test::secret(test::read_vector_file(vector.get("Key"))));
    const auto record = parse_record(vector.get("Record"));
    ASSERT_TRUE(record) << vector.where() << record.refusal().reason;
    EXPECT_EQ(record->algorithm, key.algorithm()) << vector.where();
    EXPECT_EQ(record->public_key, key.public_key()) << vector.where();
  }
}

}  // namespace
}  // namespace dkim::crypto
