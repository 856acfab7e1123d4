// What mail systems do to header fields, undone: for each field that a signature speaks of, what it may have
// been.
//
// Called by keytool/header_damage. Pure; a few dozen repairs a field and some thousands in
// all at most.
#pragma once

#include <string>
#include <vector>

#include "canon/header_field.hpp"
#include "crypto/signatures/signature_field.hpp"

namespace dkim::keytool {

struct HeaderRepair {
  // Which of the message's fields; the message's size for one that is missing.
  std::size_t field = 0;
  // What to put there; with an empty name the field is taken out.
  canon::HeaderField as_it_was;
  // What has been undone, to follow "the signature holds once".
  std::string words;
};

// own: the index of the signature's own field.
std::vector<HeaderRepair> header_repairs(const crypto::SignatureField& signature,
                                         const std::vector<canon::HeaderField>& message, std::size_t own);

}  // namespace dkim::keytool
