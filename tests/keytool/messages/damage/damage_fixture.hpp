// Signs messages for the tests of hints, which change them and verify them with the same key.
#pragma once

#include <string>
#include <vector>

#include "crypto/base64.hpp"
#include "crypto/keys/private_key.hpp"
#include "crypto/signatures/signed_data.hpp"
#include "crypto/signatures/verifier.hpp"

namespace dkim::keytool {

using canon::Canonicalization;
using canon::HeaderField;
using crypto::Algorithm;

inline const std::vector<std::string> signed_names{
    "From", "To", "Cc", "Subject", "Content-Transfer-Encoding", "MIME-Version", "From", "Subject"};

inline const crypto::PrivateKey& key(Algorithm algorithm) {
  static const auto rsa = crypto::PrivateKey::generate_rsa(1024);
  static const auto ed25519 = crypto::PrivateKey::generate_ed25519();
  return algorithm == Algorithm::rsa ? rsa : ed25519;
}

struct Message {
  std::vector<HeaderField> fields;
  std::string body;
};

// Returns the message with its signature on top.
inline Message signed_message(Message message, Algorithm algorithm = Algorithm::rsa,
                              canon::CanonicalizationPair pair = {Canonicalization::relaxed,
                                                                  Canonicalization::relaxed},
                              const std::string& tags = "") {
  std::string list;
  for (const auto& name : signed_names)
    list += (list.empty() ? "" : ":") + name;
  message.fields.insert(
      message.fields.begin(),
      {"DKIM-Signature",
       " v=1; a=" + std::string(signature_name(algorithm)) + "; c=" + to_string(pair) +
           ";\r\n\td=example.com; s=s; h=" + list + "; " + tags +
           "bh=" + crypto::base64_encode(crypto::body_digest(pair.body, message.body, {}).digest) + "; b="});
  const auto digest = crypto::header_digest(pair.header, message.fields, signed_names, 0);
  message.fields.front().value += crypto::base64_encode(key(algorithm).sign(digest));
  return message;
}

inline Message letter(std::string body = "Hello\r\n\r\nbody\r\n") {
  return {
      {{"From", " A <a@example.com>"}, {"To", " b@example.org,\r\n c@example.org"}, {"Subject", " one two"}},
      std::move(body)};
}

inline crypto::Verdict judge(const Message& message) {
  const crypto::KeyLookup lookup = [&](const std::string&) {
    const bool rsa = message.fields.front().value.find("a=rsa") != std::string::npos;
    const auto algorithm = rsa ? Algorithm::rsa : Algorithm::ed25519;
    return crypto::KeyAnswer{crypto::KeyAnswer::Kind::found,
                             {"k=" + std::string(key_name(algorithm)) +
                              "; p=" + crypto::base64_encode(key(algorithm).public_key())},
                             ""};
  };
  auto verdicts = verify_message(message.fields, message.body, lookup, crypto::utc_now());
  return std::move(verdicts.at(0));
}

inline constexpr canon::CanonicalizationPair simple{Canonicalization::simple, Canonicalization::simple};

}  // namespace dkim::keytool
