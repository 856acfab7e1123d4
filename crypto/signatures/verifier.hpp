// Verifies a message's signatures as a receiver does: RFC 6376 §6 with RFC 8301, RFC 8463 and RFC 8616.
//
// It has no I/O and no clock: the caller looks key records up and gives the time. Every byte of the message
// and the records is hostile; a signature that does not hold is a verdict, and only OpenSSL's faults throw
// (OpenSslError). Looks at max_signatures signatures at most, and at max_records records of each name.
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

// The answer of DNS for the name of a key record.
struct KeyAnswer {
  enum class Kind { found, none, unavailable };
  Kind kind = Kind::none;
  // The joined strings of each TXT record.
  std::vector<std::string> values;
  // Why the answer is unavailable.
  std::string trouble;
};

// record_name has no final dot.
using KeyLookup = std::function<KeyAnswer(const std::string& record_name)>;

struct Verdict {
  std::size_t field = 0;  // the index of the signature's field in the message
  VerifyReason reason = VerifyReason::holds;
  // The reason in words; empty for a signature that holds.
  std::string text;
  // Notes for a person on other matters: a key in test mode, bytes that are not signed.
  std::vector<std::string> notes;
  // Absent if the field could not be read.
  std::optional<SignatureField> signature;
  // The key by which the message was judged; absent if verification ended before.
  std::optional<PublicKey> key;

  // Whether the two hashes match; absent if they were not compared or cannot tell: an RSA signature that the
  // key did not make says nothing about the header.
  std::optional<bool> body_holds;
  std::optional<bool> header_holds;

  VerifyResult result() const { return result_of(reason); }
};

// Returns a verdict for each DKIM-Signature field, from the top. body: as in a file or on the wire; a lone LF
// ends a line.
std::vector<Verdict> verify_message(const std::vector<canon::HeaderField>& message, std::string_view body,
                                    const KeyLookup& lookup, UtcTime now);

}  // namespace dkim::crypto
