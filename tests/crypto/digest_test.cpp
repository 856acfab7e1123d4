#include "crypto/digest.hpp"

#include <gtest/gtest.h>

#include "crypto/base64.hpp"

namespace dkim::crypto {
namespace {

std::string digest_of(std::initializer_list<std::string_view> pieces) {
  Sha256 hash;
  for (const auto piece : pieces)
    hash.update(piece);
  return base64_encode(hash.finish());
}

// FIPS 180-2 appendix B.1, and the hash of an empty text.
TEST(Sha256Test, Vectors) {
  EXPECT_EQ(digest_of({"abc"}), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
  EXPECT_EQ(digest_of({}), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

TEST(Sha256Test, InPieces) {
  EXPECT_EQ(digest_of({"a", "", "bc"}), digest_of({"abc"}));
}

TEST(Sha256Test, ACopyContinuesIndependently) {
  Sha256 first;
  first.update("a");
  Sha256 second(first);
  first.update("x");
  second.update("bc");
  EXPECT_EQ(base64_encode(second.finish()), digest_of({"abc"}));
  EXPECT_EQ(base64_encode(first.finish()), digest_of({"ax"}));
}

}  // namespace
}  // namespace dkim::crypto
