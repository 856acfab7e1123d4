// What a DNS record says beside its key, RFC 6376 §3.6.1: the same in every record of a domain.
#pragma once

#include <string>

namespace dkim::crypto {

// Kept in the domain's manifest, written into its records.
struct RecordFlags {
  bool strict = false;      // t=s: i= must be the very domain
  bool test = false;        // t=y: verifiers are to ignore failures
  bool email_only = false;  // s=email
  std::string hashes;       // h=, "" for all
  std::string note;         // n=, for people

  bool operator==(const RecordFlags&) const = default;
};

}  // namespace dkim::crypto
