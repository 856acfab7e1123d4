// Reads what `lexicon PROVIDER list ZONE TXT --output=JSON` prints.
//
// It is made from what an API answered, so it is hostile: bounded, and a Refusal if it cannot be understood.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "canon/result.hpp"

namespace dkim::keytool {

struct ListedRecord {
  // What update and delete take to name the record; empty if it cannot be an argument.
  std::string identifier;
  // The value as lexicon gives it: with or without quotation marks, as a whole or in strings.
  std::string content;

  bool operator==(const ListedRecord&) const = default;
};

// Returns the TXT records at the name, which is given in full and without a final dot; the list may have them
// relative to the zone, with a final dot, and among others. Looks only at the last line of the output, since
// lexicon logs on the same stream.
canon::Result<std::vector<ListedRecord>> read_listed_records(std::string_view output, std::string_view name,
                                                             std::string_view zone);

// Returns whether a text can be an argument of a program and is of a size that a record can have.
bool is_argument(std::string_view text);

// Returns the value of a TXT record that a provider wrote in any of the usual ways: "..." "...", or with only
// the inner of these quotation marks, and with ; or quotation marks after a backslash.
std::string plain_value(std::string_view content);

}  // namespace dkim::keytool
