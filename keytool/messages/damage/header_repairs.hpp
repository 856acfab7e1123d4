// Undoes what mail systems do to header fields: for each field that a signature covers, lists what it may
// have been. Pure functions; any bytes are a field.
#pragma once

#include <string>
#include <vector>

#include "canon/header_field.hpp"
#include "crypto/signatures/signature_field.hpp"

namespace dkim::keytool {

struct HeaderRepair {
  // The index of the field in the message, or the message's size for a field that is missing.
  std::size_t field = 0;
  // What to put there; an empty name removes the field.
  canon::HeaderField as_it_was;
  // What was undone, to follow "the signature holds once".
  std::string words;
};

// Returns a few dozen repairs for each field, and some thousands in all at most. own is the index of the
// signature's field.
std::vector<HeaderRepair> header_repairs(const crypto::SignatureField& signature,
                                         const std::vector<canon::HeaderField>& message, std::size_t own);

}  // namespace dkim::keytool
