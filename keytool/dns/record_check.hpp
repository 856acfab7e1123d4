// Is what DNS serves under a key's name this key's record? Compared by tags and key octets, never as text.
//
// Pure: asked by the check subcommand for each server, and by rotation through keytool/dns/observation.
#pragma once

#include <string>
#include <vector>

#include "crypto/keys/key_record.hpp"

namespace dkim::keytool {

enum class RecordStatus {
  right,         // exactly one record, and it is this key's
  missing,       // no TXT record at the name
  other_key,     // a key record, but another key or other flags
  revoked,       // a key record with an empty p=
  several,       // more than one TXT record: receivers may take any (RFC 6376 §3.6.2.2)
  syntax_error,  // one record that is no key record
};

struct RecordFinding {
  RecordStatus status = RecordStatus::missing;
  // What differs, or what was done wrong when the record was entered; empty where the status says it all.
  std::string detail;
  // The record lost its end, or fell into several, where it is divided into strings: its length is the
  // trouble.
  bool too_long_for_its_form = false;
  // In a record that differs, the key itself does not: what was signed with it still verifies.
  bool same_key = false;
};

// values: each TXT record's strings, joined.
RecordFinding check_record(const crypto::KeyRecord& expected, const std::vector<std::string>& values);

// One word or two for a table: "right", "another key".
std::string_view to_string(RecordStatus status);

}  // namespace dkim::keytool
