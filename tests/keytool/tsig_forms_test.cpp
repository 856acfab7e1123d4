// Tests the forms of TSIG keys; tests/keytool/tsig_tools_test.py compares them with the tools that write
// them.
#include "keytool/dns/tsig_forms.hpp"

#include <gtest/gtest.h>

#include <map>

#include "crypto/error.hpp"

namespace dkim::keytool {
namespace {

constexpr const char* secret = "c2VjcmV0IG9mIDMyIGJ5dGVzLCBubyBsZXNzLCBubyE=";

// Puts the secret in place of ~.
std::string with_secret(std::string text) {
  if (const auto at = text.find('~'); at != std::string::npos) text.replace(at, 1, secret);
  return text;
}

std::string read(const std::string& text, const std::string& file = "tsig.key") {
  const auto key = parse_tsig_key(with_secret(text), file);
  EXPECT_EQ(std::string(key.secret.data()), secret) << text;
  EXPECT_EQ(key.secret.size(), std::string(secret).size() + 1);
  return key.name + " " + key.algorithm;
}

std::string refusal(const std::string& text, const std::string& file = "tsig.key") {
  try {
    parse_tsig_key(with_secret(text), file);
    return "no refusal";
  } catch (const crypto::KeyFileError& error) {
    return error.what();
  }
}

TEST(TsigForms, AllAreReadAlike) {
  const std::string expected = "dkim.example. hmac-sha256.";
  for (const auto* text : {
           "key \"dkim.example\" { algorithm hmac-sha256; secret \"~\"; };",
           "// x\nkey dkim.example. {\n\tsecret ~; /* y */ algorithm HMAC-SHA256.;\n};\n",
           "# hmac-sha256:other:AAAA\nkey:\n  - id: dkim.example.\n    algorithm: hmac-sha256\n    secret: "
           "~\n",
           "server:\n  listen: 127.0.0.1\nkey:\n- id: \"dkim.example\"\n  secret: '~'\n  algorithm: "
           "hmac-sha256 # x\n",
           "key: [{id: dkim.example, algorithm: hmac-sha256, secret: \"~\"}]\n",
           "key:\n\tname: \"dkim.example\"\n\talgorithm: hmac-sha256\n\tsecret: \"~\"\n",
           "key: name: dkim.example algorithm: hmac-sha256. secret: ~",
           "hmac-sha256:dkim.example:~\n",
           "; comment\n  hmac-sha256:dkim.example.:~",
           "dkim.example:~:hmac-sha256\n",
           "dkim.example. hmac-sha256. ~\n",
           "Create new TSIG key dkim.example hmac-sha256 ~\n",
           "dkim.example.\tIN\tKEY\t0 3 159 ~\n",
           "dkim.example. 3600 IN KEY 512 3 163 ~\n",
       })
    EXPECT_EQ(read(text), expected) << text;
  EXPECT_EQ(read("Private-key-format: v1.2\nAlgorithm: 159 (HMAC_SHA256)\nKey: ~\n",
                 "Kdkim.example.+159+45879.private"),
            expected);
}

TEST(TsigForms, NumbersOfAlgorithmsAreThoseOfBindAndOfLdns) {
  const std::map<std::string, std::string> names{
      {"158", "1"}, {"161", "1"}, {"159", "256"}, {"163", "256"}, {"165", "512"}};
  for (const auto& [number, name] : names)
    EXPECT_EQ(read("k. IN KEY 0 3 " + number + " ~"), "k. hmac-sha" + name + ".") << number;
  EXPECT_NE(refusal("k. IN KEY 0 3 162 ~").find("the algorithm hmac-sha224, with which dkimkey"),
            std::string::npos);
  EXPECT_NE(refusal("k. IN KEY 0 3 164 ~").find("the algorithm hmac-sha384, with which dkimkey"),
            std::string::npos);
  EXPECT_NE(refusal("k. IN KEY 0 3 157 ~").find("an algorithm other than"), std::string::npos);
}

TEST(TsigForms, ASecretInSeveralWordsIsOne) {
  const std::string whole = secret;
  EXPECT_EQ(read("k. IN KEY 512 3 163 " + whole.substr(0, 20) + " " + whole.substr(20)), "k. hmac-sha256.");
}

TEST(TsigForms, TheFirstKeyOfSeveralIsTaken) {
  EXPECT_EQ(read("key:\n  - id: a\n    algorithm: hmac-sha256\n    secret: ~\n  - id: b\n    algorithm: "
                 "hmac-sha512\n"
                 "    secret: QUFB\nacl:\n  - id: c\n    key: b\n"),
            "a. hmac-sha256.");
}

TEST(TsigForms, RefusalsSayWhatIsMissing) {
  for (const auto& [text, words] : std::map<std::string, std::string>{
           {"nonsense", "neither a key of BIND"},
           {"", "neither a key of BIND"},
           {"one two", "neither a key of BIND"},
           {"a hmac-sha256 ~\nb hmac-sha256 ~", "neither a key of BIND"},
           {"name:~", "without its algorithm"},
           {"hmac-md5:name:~", "an algorithm other than"},
           {"name hmac-md5.sig-alg.reg.int. ~", "an algorithm other than"},
           {"hmac-sha256:name:%%%", "a secret that is not base64"},
           {"hmac-sha256:name:", "a secret that is not base64"},
           {"hmac-sha256:a b:~", "neither a key of BIND"},
           {"hmac-sha256:a..b:~", "a key name that is not"},
           {"key:\n  - id: a\n    secret: ~\n", "without algorithm or secret"},
           {"key:\n  - id: a\n    algorithm: hmac-sha256\n  - id: b\n    secret: ~\n",
            "without algorithm or secret"},
           {"key:\n  algorithm: hmac-sha256\n  secret: ~\n", "a key without a name"},
           {"k. IN KEY 0 3 163", "a KEY record that is not complete"},
           {"key \"x\" { algorithm hmac-sha256; secret \"~\"; ", "without its closing }"},
           {"Private-key-format: v1.2\nAlgorithm: 163 (x)\nKey: ~\n", "K<NAME>+<ALGORITHM>+<ID>.private"},
       }) {
    const auto said = refusal(text);
    EXPECT_NE(said.find(words), std::string::npos) << text << ": " << said;
    EXPECT_EQ(said.find("c2VjcmV0"), std::string::npos) << said;
  }
}

}  // namespace
}  // namespace dkim::keytool
