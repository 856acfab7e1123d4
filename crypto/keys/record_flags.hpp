// The tags of a DNS record other than the key (RFC 6376 §3.6.1). All records of a domain have the same ones.
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

  bool operator==(const RecordFlags&) const = default;
};

}  // namespace dkim::crypto
