#include "crypto/base64.hpp"

#include <gtest/gtest.h>

namespace dkim::crypto {
namespace {

std::vector<unsigned char> octets(std::string_view text) {
  return {text.begin(), text.end()};
}

// RFC 4648 §10.
TEST(Base64Test, Vectors) {
  const std::vector<std::pair<std::string, std::string>> vectors = {{"", ""},
                                                                    {"f", "Zg=="},
                                                                    {"fo", "Zm8="},
                                                                    {"foo", "Zm9v"},
                                                                    {"foob", "Zm9vYg=="},
                                                                    {"fooba", "Zm9vYmE="},
                                                                    {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(base64_encode(octets(plain)), encoded);
    EXPECT_EQ(base64_decode(encoded), octets(plain)) << encoded;
  }
}

TEST(Base64Test, EveryLengthBothWays) {
  std::vector<unsigned char> data;
  for (unsigned i = 0; i < 600; ++i) {
    EXPECT_EQ(base64_decode(base64_encode(data)), data) << i;
    data.push_back(static_cast<unsigned char>(i * 7));
  }
}

TEST(Base64Test, RefusesOtherForms) {
  for (const auto* text :
       {"Z",     "Zg",     "Zg=",   "Zg===", "====", "=g==", "Z===", "Zg==Zg==",   "Zg=A",  "Zm8 =",
        " Zm9v", "Zm9v\n", "Zm9v ", "Zm9\n", "Zm9-", "Zm9_", "Zm9*", "\xc3\xa4xx", "Zm9v=", "Zm9v===="})
    EXPECT_EQ(base64_decode(text), std::nullopt) << text;
  EXPECT_EQ(base64_decode(std::string("Zm9\0", 4)), std::nullopt);
}

}  // namespace
}  // namespace dkim::crypto
