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

// Returns whether a turn could take the slot: it is not closed, and it never had a key or its last one is
// forgotten.
bool is_free(const crypto::Slot& slot, const crypto::Manifest& manifest);

// Returns the free slots, in their order, beginning after the old key's and going around. A slot is free if
// it never had a key, or if its last one is forgotten.
std::vector<canon::Selector> free_slots(const crypto::Manifest& manifest,
                                        const std::vector<canon::Selector>& slots,
                                        const canon::Selector& old);
// Returns the first of them.
std::optional<canon::Selector> free_slot(const crypto::Manifest& manifest,
                                         const std::vector<canon::Selector>& slots,
                                         const canon::Selector& old);

// Makes the manifest one in which the slot is not free.
void take(crypto::Manifest& manifest, const canon::Selector& slot);

// How long a slot stays taken at least.
struct SlotTimes {
  std::chrono::seconds drain{0};   // from the retirement of its key to its revocation
  std::chrono::seconds forget{0};  // from there until the slot is free
};

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

SlotState state_of(const crypto::Manifest& manifest, const canon::Selector& slot, const SlotTimes& times);

// Says why no slot is free.
SlotWait wait_for_slot(const crypto::Manifest& manifest, const std::vector<canon::Selector>& slots,
                       const SlotTimes& times);

}  // namespace dkim::keytool
