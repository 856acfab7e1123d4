// What dkimkey verify prints of each signature: for people, and for programs.
#pragma once

#include <string>
#include <vector>

#include "canon/header_field.hpp"
#include "crypto/signatures/verifier.hpp"
#include "keytool/output/json.hpp"

namespace dkim::keytool {

struct SignatureReport {
  crypto::Verdict verdict;
  // The signature field's value: its tags are shown as they stand, even where the field cannot be used.
  std::string field;
  // What may have happened to the message, each found by trying (keytool/messages/damage/damage_hints).
  std::vector<std::string> hints;
};

// A line that begins with the result, then the reason, notes and hints, indented.
std::string report_text(const SignatureReport& report);

JsonObject report_object(const SignatureReport& report);

}  // namespace dkim::keytool
