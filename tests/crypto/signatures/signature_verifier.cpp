#include "tests/crypto/signatures/signature_verifier.hpp"

#include <stdexcept>

#include "canon/text.hpp"
#include "crypto/base64.hpp"
#include "tests/support/signature_check.hpp"

namespace dkim::test {

ParsedMessage parse_message(std::string_view text) {
  ParsedMessage message;
  while (!text.starts_with("\r\n")) {
    std::size_t end = text.find("\r\n");
    while (end != std::string_view::npos && end + 2 < text.size() && canon::is_wsp(text[end + 2]))
      end = text.find("\r\n", end + 2);
    const std::size_t colon = text.find(':');
    if (end == std::string_view::npos || colon > end) throw std::runtime_error("not a message for this test");
    message.fields.push_back(
        {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1, end - colon - 1))});
    text.remove_prefix(end + 2);
  }
  message.body = text.substr(2);
  return message;
}

std::string tag(const canon::HeaderField& signature, std::string_view name) {
  return signature_tag(signature, name);
}

crypto::Digest signed_digest(const canon::HeaderField& signature,
                             const std::vector<canon::HeaderField>& message) {
  crypto::Sha256 hash;
  hash.update(signed_text(signature, message));
  return hash.finish();
}

std::string body_hash(const canon::HeaderField& signature, std::string_view body) {
  return crypto::base64_encode(signed_body_hash(signature, body));
}

std::string verify(const canon::HeaderField& signature, const ParsedMessage& message,
                   const crypto::PrivateKey& key) {
  const PublicKeys keys = {{{tag(signature, "d"), tag(signature, "s")}, key.public_key()}};
  return signature_fault(signature, message.fields, message.body, keys);
}

}  // namespace dkim::test
