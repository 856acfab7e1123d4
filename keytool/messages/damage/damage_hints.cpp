#include "keytool/messages/damage/damage_hints.hpp"

#include "keytool/messages/damage/body_damage.hpp"
#include "keytool/messages/damage/header_damage.hpp"

namespace dkim::keytool {
namespace {

// Only facts, but the ones to begin with where nothing else is found; what matters most comes first.
void add_missing(std::vector<std::string>& hints, const MissingFields& missing) {
  const auto add = [&](const std::string& names, const std::string& words) {
    if (!names.empty()) hints.push_back("header: " + words + names);
  };
  add(missing.gone, "taken away after signing, as h= has it: ");
  add(missing.fewer, "fewer fields in the message than h= has: ");
  add(missing.perhaps_never_there, "in h= and not in the message, taken away or never there: ");
}

}  // namespace

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
    if (!cause) add_missing(hints, missing_fields(*verdict.signature, message, verdict.field));
  }
  return hints;
}

}  // namespace dkim::keytool
