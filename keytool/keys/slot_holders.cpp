#include "keytool/keys/slot_holders.hpp"

#include <fmt/format.h>

#include "keytool/keys/signer_text.hpp"

namespace dkim::keytool {

using crypto::KeyState;

bool has_stopped(const crypto::KeyEntry& key, const crypto::SignerView& signers) {
  const bool has_signed = key.state == KeyState::retiring || key.activated || key.retired;
  return !signers.is_fleet || !has_signed || key.stopped;
}

std::string slot_holders_text(const crypto::Manifest& manifest, const std::vector<canon::Selector>& slots,
                              const crypto::SignerView& signers) {
  if (signers.behind.empty()) return {};
  for (const auto& slot : slots) {
    const auto* last = manifest.find(slot);
    const bool is_done = last == nullptr || last->state == KeyState::pending ||
                         last->state == KeyState::active || has_stopped(*last, signers);
    if (!is_done) {
      return fmt::format("; longer while a machine may sign with the last key of {}: {}", slot.str(),
                         names_text(signers.behind));
    }
  }
  return {};
}

}  // namespace dkim::keytool
