// The results of verifying a signature (RFC 8601 §2.7.1), and their reasons. Never fails.
#pragma once

#include <string>
#include <string_view>

namespace dkim::crypto {

enum class VerifyResult { pass, fail, policy, neutral, temperror, permerror };

// Each reason has exactly one result: neutral where RFC 6376 says that a verifier ignores such a signature,
// policy where it leaves the choice to the receiver, and permerror for a PERMFAIL before anything was hashed.
enum class VerifyReason {
  holds,
  // The signature field (RFC 6376 §3.5, §6.1.1).
  syntax,
  missing_tag,
  version,
  domain,
  selector,
  identity,
  from_not_signed,
  times,
  expired,
  unknown_algorithm,
  unknown_canonicalization,
  unknown_query,
  historic_algorithm,
  // The key (§6.1.2).
  no_key,
  key_unavailable,
  key_syntax,
  key_revoked,
  key_of_other_kind,
  key_hash,
  key_strict,
  weak_key,
  // The message (§6.1.3).
  body_differs,
  header_differs,
  both_differ,
  not_by_this_key,
  // Our own limit: max_signatures.
  not_looked_at,
};

VerifyResult result_of(VerifyReason reason);

// Returns the word of Authentication-Results: "pass".
std::string_view to_string(VerifyResult result);
// Returns a word for programs: "body_differs".
std::string_view to_string(VerifyReason reason);

struct VerifyProblem {
  VerifyReason reason;
  // For people. Bytes of the message in it are made printable.
  std::string text;
  // How other verifiers judge, if some are known to judge differently; otherwise empty.
  std::string note{};
};

}  // namespace dkim::crypto
