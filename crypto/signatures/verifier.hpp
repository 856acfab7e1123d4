// What a receiver says of a message's signatures: RFC 6376 §6 with the limits of RFC 8301, RFC 8463, RFC
// 8616.
//
// Asked by dkimkey verify. No I/O and no clock: who asks looks the key records up and says what time it is.
// Every octet of message and records is hostile. Total, and bounded: max_signatures are looked at,
// max_records of each name.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/keys/public_key.hpp"
#include "crypto/signatures/signature_field.hpp"
#include "crypto/signatures/verify_result.hpp"
#include "crypto/utc_time.hpp"

namespace dkim::crypto {

constexpr std::size_t max_signatures = 20;
constexpr std::size_t max_records = 8;

// What DNS says under a key's name.
struct KeyAnswer {
  enum class Kind { found, none, unavailable };
  Kind kind = Kind::none;
  // Each TXT record's strings, joined.
  std::vector<std::string> values;
  // Why it is unavailable.
  std::string trouble;
};

// The name without a final dot.
using KeyLookup = std::function<KeyAnswer(const std::string& record_name)>;

struct Verdict {
  std::size_t field = 0;  // the signature's, in the message's fields
  VerifyReason reason = VerifyReason::holds;
  // The reason in words; empty for a signature that holds.
  std::string text;
  // What else a person should know: a key in test mode, octets that are not signed.
  std::vector<std::string> notes;
  // Nothing if the field could not be read.
  std::optional<SignatureField> signature;
  // The key that the message was judged by; nothing if it did not come to that.
  std::optional<PublicKey> key;

  // What its two hashes say; nothing if they were not looked at, or cannot tell: an RSA signature that the
  // key did not make says nothing of the header.
  std::optional<bool> body_holds;
  std::optional<bool> header_holds;

  VerifyResult result() const { return result_of(reason); }
};

// A verdict for each DKIM-Signature field, top first. The body as in the file or on the wire: a lone LF ends
// a line.
std::vector<Verdict> verify_message(const std::vector<canon::HeaderField>& message, std::string_view body,
                                    const KeyLookup& lookup, UtcTime now);

}  // namespace dkim::crypto
