// A message that tests sign with any tags and verify with any record.
#pragma once

#include <gtest/gtest.h>

#include <stdexcept>

#include "crypto/base64.hpp"
#include "crypto/keys/private_key.hpp"
#include "crypto/signatures/signed_data.hpp"
#include "crypto/signatures/verifier.hpp"
#include "tests/crypto/signatures/signature_verifier.hpp"

namespace dkim::crypto {

using Kind = KeyAnswer::Kind;

inline const UtcTime now = *parse_utc_time("2026-11-24T06:00:00Z");

inline KeyLookup always(std::vector<std::string> values) {
  return [values](const std::string&) {
    return KeyAnswer{values.empty() ? Kind::none : Kind::found, values, ""};
  };
}

class VerifierTest : public testing::Test {
 protected:
  static const PrivateKey& key(Algorithm algorithm) {
    static const PrivateKey rsa = PrivateKey::generate_rsa(1024);
    static const PrivateKey ed25519 = PrivateKey::generate_ed25519();
    return algorithm == Algorithm::rsa ? rsa : ed25519;
  }

  static std::string record(const std::string& more = "", Algorithm algorithm = Algorithm::rsa) {
    return "v=DKIM1; k=" + std::string(key_name(algorithm)) + "; " + more +
           "p=" + base64_encode(key(algorithm).public_key());
  }

  // Signs the message and puts the signature on top of its fields. `tags` is the text between h= and bh=.
  void sign(const std::string& tags = "", Algorithm algorithm = Algorithm::rsa,
            std::optional<std::uint64_t> limit = {}) {
    const auto body_hash = body_digest(canon::Canonicalization::relaxed, message_.body, limit).digest;
    const std::string value = " v=1; a=" + std::string(signature_name(algorithm)) +
                              "; c=relaxed/relaxed; d=example.com; s=server; h=From:Subject; " + tags +
                              "bh=" + base64_encode(body_hash) + "; b=";
    message_.fields.insert(message_.fields.begin(), {"DKIM-Signature", value});
    const auto digest =
        header_digest(canon::Canonicalization::relaxed, message_.fields, {"From", "Subject"}, 0);
    message_.fields.front().value += base64_encode(key(algorithm).sign(digest));
  }

  Verdict judge(const KeyLookup& lookup) const {
    auto verdicts = verify_message(message_.fields, message_.body, lookup, now);
    if (verdicts.size() != 1) throw std::runtime_error("not one signature");
    return std::move(verdicts.front());
  }
  Verdict judge() const { return judge(always({record()})); }

  test::ParsedMessage message_{{{"From", " a@example.com"}, {"Subject", " x"}, {"To", " b@example.org"}},
                               "first\r\nsecond\r\n"};
};

}  // namespace dkim::crypto
