// Recognizes what people and web forms do to a key record on its way into DNS, and names it in words.
//
// Pure and linear in the value, whose every byte is hostile. It is asked only about a value that cannot be
// read as a key record (crypto/keys/key_record), to say more than at which byte that failed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dkim::crypto {

// What is wrong with a TXT value (its strings joined) and what to enter instead, as a clause without a final
// stop; nothing if no known slip is in it. The clause quotes nothing of the value but a version of letters
// and digits.
std::optional<std::string> record_slip(std::string_view value);

}  // namespace dkim::crypto
