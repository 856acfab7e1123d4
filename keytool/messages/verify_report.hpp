// Writes what dkimkey verify prints about each signature, for people and for programs. Nothing here fails:
// the signature field may hold any bytes.
#pragma once

#include <string>
#include <vector>

#include "canon/header_field.hpp"
#include "crypto/signatures/verifier.hpp"
#include "keytool/output/json.hpp"

namespace dkim::keytool {

struct SignatureReport {
  crypto::Verdict verdict;
  // The value of the signature field. Its tags are shown even if the field cannot be used.
  std::string field;
  // What has happened to the message, each proven by a trial (keytool/messages/damage/damage_hints).
  std::vector<std::string> hints;
};

// Returns a line that begins with the result, then the reason, notes and hints on indented lines.
std::string report_text(const SignatureReport& report);

JsonObject report_object(const SignatureReport& report);

}  // namespace dkim::keytool
