// A key opens in its own place and nowhere else; lost and wrong sealing keys are told apart from damage.
#include "crypto/keys/sealed_key.hpp"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include "crypto/base64.hpp"
#include "tests/crypto/test_store.hpp"
#include "tests/vectors/vector_file.hpp"

namespace dkim::crypto {
namespace {

using Bytes = std::vector<unsigned char>;

Bytes bytes_of(const test::VectorRecord& vector, std::string_view name) {
  const auto bytes = base64_decode(vector.get(name));
  if (!bytes) throw std::runtime_error(vector.where() + ": not Base64");
  return *bytes;
}

SealingKey sealing_key(int number, const Bytes& bytes) {
  return {number, Secret(bytes.begin(), bytes.end())};
}

const SealingKey first = sealing_key(1, Bytes(32, 0x11));
const SealingKey second = sealing_key(2, Bytes(32, 0x22));
const SealingKeys both({first, second});

SealedPlace place(std::string_view domain = "example.com", int use = 1) {
  return {test::domain_name(domain), KeyId(test::selector("server"), use), Algorithm::ed25519};
}

// Returns how it is refused, and its message; the message is empty if it opens.
std::pair<std::optional<SealError::Kind>, std::string> refusal(const SealedKey& sealed, const SealedPlace& at,
                                                               const SealingKeys& keys,
                                                               std::string_view fingerprint) {
  try {
    unseal(sealed, at, keys, fingerprint);
    return {};
  } catch (const SealError& error) {
    // Nothing may be left in OpenSSL's queue for a later failure to report.
    EXPECT_EQ(ERR_peek_error(), 0U);
    return {error.kind(), error.what()};
  }
}

std::optional<SealError::Kind> kind_named(const std::string& name) {
  if (name == "lost") return SealError::Kind::lost;
  if (name == "wrong") return SealError::Kind::wrong;
  if (name == "damaged") return SealError::Kind::damaged;
  throw std::runtime_error("no such kind: " + name);
}

TEST(SealedKeyTest, Vectors) {
  std::size_t opened = 0;
  std::size_t refused = 0;
  for (const auto& vector : test::read_vectors("sealed_key.vec")) {
    SCOPED_TRACE(vector.where() + " " + vector.get("Name"));
    const int number = std::stoi(vector.get("Number"));
    const SealingKeys keys({sealing_key(number, bytes_of(vector, "Sealing-Key"))});
    const SealedPlace at{test::domain_name(vector.get("Domain")),
                         KeyId(test::selector(vector.get("Selector")), std::stoi(vector.get("Use"))),
                         algorithm_from_key_name(vector.get("Algorithm")).value()};
    const SealedKey sealed{number, bytes_of(vector, "Sealed")};
    const auto fingerprint = vector.get("Fingerprint");
    if (vector.has("Refused")) {
      ++refused;
      EXPECT_EQ(refusal(sealed, at, keys, fingerprint).first, kind_named(vector.get("Refused")));
      continue;
    }
    ++opened;
    EXPECT_EQ(keys.newest().fingerprint(), fingerprint);
    const auto der = unseal(sealed, at, keys, fingerprint).to_der();
    EXPECT_EQ(Bytes(der.begin(), der.end()), bytes_of(vector, "Private-Key"));
  }
  EXPECT_GE(opened, 3U);
  EXPECT_GE(refused, 20U);
}

// From the first vector, which another program sealed.
TEST(SealedKeyTest, NoBitMayBeAltered) {
  const auto vector = test::read_vectors("sealed_key.vec").front();
  const SealingKeys keys({sealing_key(1, bytes_of(vector, "Sealing-Key"))});
  SealedKey sealed{1, bytes_of(vector, "Sealed")};
  ASSERT_EQ(refusal(sealed, place(), keys, keys.newest().fingerprint()).first, std::nullopt);
  for (auto& byte : sealed.sealed) {
    for (int bit = 0; bit < 8; ++bit) {
      byte = static_cast<unsigned char>(byte ^ (1 << bit));
      EXPECT_EQ(refusal(sealed, place(), keys, keys.newest().fingerprint()).first, SealError::Kind::damaged)
          << "byte " << &byte - sealed.sealed.data() << " bit " << bit;
      byte = static_cast<unsigned char>(byte ^ (1 << bit));
    }
  }
}

TEST(SealedKeyTest, NoLengthButItsOwn) {
  const auto whole = seal(test::ed25519_key(), place(), first);
  for (std::size_t length = 0; length < whole.sealed.size(); ++length) {
    const SealedKey cut{
        1, Bytes(whole.sealed.begin(), whole.sealed.begin() + static_cast<std::ptrdiff_t>(length))};
    EXPECT_EQ(refusal(cut, place(), both, first.fingerprint()).first, SealError::Kind::damaged) << length;
  }
}

TEST(SealedKeyTest, OpensWhatItSealed) {
  for (const auto* key : {&test::rsa_key(), &test::ed25519_key()}) {
    for (const auto* with : {&first, &second}) {
      auto at = place();
      at.algorithm = key->algorithm();
      const auto sealed = seal(*key, at, *with);
      EXPECT_EQ(sealed.sealing_key, with->number);
      EXPECT_EQ(sealed.sealed.size(), key->to_der().size() + 29);
      const auto opened = unseal(sealed, at, both, with->fingerprint());
      EXPECT_EQ(opened.public_key(), key->public_key());
      EXPECT_EQ(opened.sign(Digest{}), key->sign(Digest{}));
    }
  }
}

TEST(SealedKeyTest, NoTwoAreAlike) {
  const auto one = seal(test::ed25519_key(), place(), first).sealed;
  const auto other = seal(test::ed25519_key(), place(), first).sealed;
  // Neither the nonce nor what follows from it.
  EXPECT_NE(Bytes(one.begin() + 1, one.begin() + 13), Bytes(other.begin() + 1, other.begin() + 13));
  EXPECT_NE(Bytes(one.begin() + 13, one.end()), Bytes(other.begin() + 13, other.end()));
}

TEST(SealedKeyTest, TheThreeKindsHaveMessagesOfTheirOwn) {
  const auto sealed = seal(test::ed25519_key(), place("example.com", 3), second);
  const auto at = place("example.com", 3);
  const std::string what = "the sealed key server+3 of example.com cannot be opened: ";

  const auto lost = refusal(sealed, at, SealingKeys({first}), second.fingerprint());
  EXPECT_EQ(lost.first, SealError::Kind::lost);
  EXPECT_EQ(lost.second,
            what +
                "this machine's sealing key file has no key 2; copy the file from another machine of "
                "the fleet");

  const auto other = sealing_key(2, Bytes(32, 0x33));
  const auto wrong = refusal(sealed, at, SealingKeys({first, other}), second.fingerprint());
  EXPECT_EQ(wrong.first, SealError::Kind::wrong);
  EXPECT_EQ(wrong.second.find(what + "the key 2 in this machine's sealing key file is not the fleet's"), 0U)
      << wrong.second;

  auto altered = sealed;
  altered.sealed.back() ^= 1;
  const auto damaged = refusal(altered, at, both, second.fingerprint());
  EXPECT_EQ(damaged.first, SealError::Kind::damaged);
  EXPECT_EQ(damaged.second.find(what + "its row was altered"), 0U) << damaged.second;

  const auto unknown = refusal(sealed, at, both, "");
  EXPECT_EQ(unknown.first, SealError::Kind::damaged);
  EXPECT_EQ(unknown.second.find(what + "its row names the sealing key 2, which this fleet does not have"), 0U)
      << unknown.second;

  const auto large = refusal({2, Bytes(most_sealed_bytes + 1, 1)}, at, both, second.fingerprint());
  EXPECT_EQ(large.first, SealError::Kind::damaged);
  EXPECT_EQ(large.second.find(what + "its row has 16385 bytes"), 0U) << large.second;
}

TEST(SealedKeyTest, AKeyIsSealedAsWhatItIs) {
  EXPECT_EQ(test::message_of<KeyFileError>([] { seal(test::rsa_key(), place(), first); }),
            "a key of the kind rsa is not sealed as ed25519");
}

TEST(SealedKeyTest, ASealingKeyHasItsFullLength) {
  EXPECT_THROW(seal(test::ed25519_key(), place(), sealing_key(1, Bytes(16, 1))), OpenSslError);
}

}  // namespace
}  // namespace dkim::crypto
