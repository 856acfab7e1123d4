// Chooses among a domain's slots: the fixed selectors into which the keys of an algorithm go in turn. Looks
// at the manifest alone; nothing fails.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "crypto/store/manifest.hpp"

namespace dkim::keytool {

// Returns the slots of the algorithm that are not closed, in their order; none if it has ordinary selectors.
std::vector<canon::Selector> slots_of(const crypto::Manifest& manifest, crypto::Algorithm algorithm);

// Returns the first free slot after the old key's, in the order of the slots and around. A slot is free if it
// never had a key, or if its last one is forgotten.
std::optional<canon::Selector> free_slot(const crypto::Manifest& manifest,
                                         const std::vector<canon::Selector>& slots,
                                         const canon::Selector& old);

// Makes the manifest one in which the slot is not free.
void take(crypto::Manifest& manifest, const canon::Selector& slot);

struct SlotWait {
  std::string reason;  // what each slot waits for
  // When a slot may be free at the earliest; nothing: when somebody has changed DNS.
  std::optional<crypto::UtcTime> until;
};

// Whether a slot can take a key, and if not, what it waits for. What a slot that is free waits for is empty.
struct SlotState {
  bool is_free = false;
  std::string waits_for;
  // If it is free: since when, or nothing if it never had a key. Otherwise as in SlotWait.
  std::optional<crypto::UtcTime> from;
};

SlotState state_of(const crypto::Manifest& manifest, const canon::Selector& slot, std::chrono::seconds drain);

// Says why no slot is free.
SlotWait wait_for_slot(const crypto::Manifest& manifest, const std::vector<canon::Selector>& slots,
                       std::chrono::seconds drain);

}  // namespace dkim::keytool
