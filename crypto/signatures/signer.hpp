// Signs one message: body chunks and header fields in, DKIM-Signature fields out (RFC 6376 §5, §3.7).
//
// To be used by one thread at a time. The body is hashed once, in chunks, whatever the number of keys;
// nothing of it is kept. Failures are OpenSslError.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "canon/body_canon.hpp"
#include "canon/header_field.hpp"
#include "crypto/digest.hpp"
#include "crypto/settings/signing_settings.hpp"
#include "crypto/signatures/identity.hpp"
#include "crypto/utc_time.hpp"

namespace dkim::crypto {

class Signer {
 public:
  // The settings must outlive the signer.
  Signer(const SigningSettings& settings, const canon::DomainName& domain,
         const std::vector<SigningKey>& keys);
  // Signs for the author's domain, then for the second signers.
  Signer(const SigningSettings& settings, const SigningIdentity& identity);

  // Takes the next bytes of the body, with CRLF line ends.
  void body(std::string_view chunk);

  // Ends the message. Returns a signature field for each key, in their order, as it goes over the wire. No
  // signature covers another one. Throws OpenSslError. The signer must not be used afterwards.
  std::vector<canon::HeaderField> sign(const std::vector<canon::HeaderField>& message, UtcTime now);

 private:
  // One to be made.
  struct Signature {
    canon::DomainName domain;
    SigningKey key;
  };

  void add(const canon::DomainName& domain, const std::vector<SigningKey>& keys);

  const SigningSettings& settings_;
  std::vector<Signature> signatures_;
  canon::BodyCanonicalizer body_;
  Sha256 body_hash_;
};

}  // namespace dkim::crypto
