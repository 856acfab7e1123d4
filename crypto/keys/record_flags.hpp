// The tags of a DNS record other than the key (RFC 6376 §3.6.1). All records of a domain have the same ones.
//
// Values only; nothing fails.
#pragma once

#include <string>

namespace dkim::crypto {

// They are kept in the domain's manifest.
struct RecordFlags {
  bool strict = false;      // t=s: the domain of i= must be equal to d=
  bool test = false;        // t=y: verifiers should ignore failures
  bool email_only = false;  // s=email
  std::string hashes = {};  // h=, "" for all
  std::string note = {};    // n=, for people

  // Returns true if h= lists sha256, or is absent: then every hash is allowed.
  bool allows_sha256() const;

  bool operator==(const RecordFlags&) const = default;
};

}  // namespace dkim::crypto
