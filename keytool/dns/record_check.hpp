// Decides whether what DNS serves under a key's name is this key's record (RFC 6376 §3.6.1). Compares tags
// and the bytes of the key, never text.
//
// Pure. Any value has a finding; nothing throws.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crypto/keys/key_record.hpp"
#include "crypto/store/manifest.hpp"

namespace dkim::keytool {

enum class RecordStatus {
  right,         // exactly one record, and it is this key's
  missing,       // no TXT record at the name
  other_key,     // a key record, but another key or other flags
  revoked,       // a key record with an empty p=
  several,       // more than one TXT record: receivers may take any (RFC 6376 §3.6.2.2)
  syntax_error,  // one record that is not a key record
};

struct RecordFinding {
  RecordStatus status = RecordStatus::missing;
  // What differs, or what was done wrong when the record was entered; empty if the status says it all.
  std::string detail = {};
  // The record lost its end, or became several, at the border of its strings: it was too long for the form.
  bool too_long_for_its_form = false;
  // The record differs, but the key does not: signatures made with it still verify.
  bool same_key = false;
};

// Judges the TXT records at the key's name; each value is one record's strings, joined.
RecordFinding check_record(const crypto::KeyRecord& expected, const std::vector<std::string>& values);

// Returns whether a server should serve this for a key of the state: a revoked key's record may be empty or
// gone.
bool is_expected(crypto::KeyState state, RecordStatus status);

// Returns one or two words for a table: "right", "another key".
std::string_view to_string(RecordStatus status);

}  // namespace dkim::keytool
