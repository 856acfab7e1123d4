// Recognizes what people and web forms do to a key record on its way into DNS, and names it in words.
//
// Every byte of the value is hostile. This is for values that cannot be read as a key record
// (crypto/keys/key_record.hpp), to say more than the position at which reading failed. Never fails; linear in
// the value's length.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dkim::crypto {

// Returns what is wrong with a TXT value (its strings joined) and what to enter instead, as a clause without
// a full stop; nothing if the value has no known slip. The clause quotes nothing of the value except a
// version of letters and digits.
std::optional<std::string> record_slip(std::string_view value);

}  // namespace dkim::crypto
