#include "keytool/messages/damage/damage_hints.hpp"

#include <fmt/format.h>

#include "keytool/messages/damage/body_damage.hpp"
#include "keytool/messages/damage/header_damage.hpp"

namespace dkim::keytool {
namespace {

// Facts to begin with if no cause is found; the most important comes first.
std::vector<std::string> missing_hints(const MissingFields& missing) {
  std::vector<std::string> hints;
  if (!missing.gone.empty())
    hints.push_back(fmt::format("header: removed after signing, as h= shows: {}", missing.gone));
  if (!missing.fewer.empty())
    hints.push_back(fmt::format("header: fewer fields in the message than in h=: {}", missing.fewer));
  if (!missing.perhaps_never_there.empty()) {
    hints.push_back(fmt::format("header: in h= but not in the message, removed or never there: {}",
                                missing.perhaps_never_there));
  }
  return hints;
}

}  // namespace

std::vector<std::string> damage_hints(const crypto::Verdict& verdict,
                                      const std::vector<canon::HeaderField>& message, std::string_view body) {
  std::vector<std::string> hints;
  if (!verdict.signature || !verdict.key || verdict.result() != crypto::VerifyResult::fail) return hints;
  if (verdict.body_holds == false) {
    const auto cause = body_damage(*verdict.signature, body);
    hints.push_back(fmt::format("body: {}", cause.value_or("no usual cause found")));
  }
  if (verdict.header_holds == false) {
    const auto cause = header_damage(verdict, message);
    hints.push_back(fmt::format("header: {}", cause.value_or("no usual cause found")));
    if (cause) return hints;
    for (auto& hint : missing_hints(missing_fields(*verdict.signature, message, verdict.field)))
      hints.push_back(std::move(hint));
  }
  return hints;
}

}  // namespace dkim::keytool
