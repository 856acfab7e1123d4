#include "keytool/damage/damage_hints.hpp"

#include "keytool/damage/body_damage.hpp"
#include "keytool/damage/header_damage.hpp"

namespace dkim::keytool {

std::vector<std::string> damage_hints(const crypto::Verdict& verdict,
                                      const std::vector<canon::HeaderField>& message, std::string_view body) {
  std::vector<std::string> hints;
  if (!verdict.signature || !verdict.key || verdict.result() != crypto::VerifyResult::fail) return hints;
  if (verdict.body_holds == false) {
    const auto cause = body_damage(*verdict.signature, body);
    hints.push_back("body: " + cause.value_or("no usual cause found"));
  }
  if (verdict.header_holds == false) {
    const auto cause = header_damage(verdict, message);
    hints.push_back("header: " + cause.value_or("no usual cause found"));
    const auto missing = missing_fields(*verdict.signature, message, verdict.field);
    // Only a fact, but the one to begin with where nothing else is found.
    if (!cause && !missing.empty())
      hints.push_back("header: h= names what is not there, be it taken away or never there: " + missing);
  }
  return hints;
}

}  // namespace dkim::keytool
