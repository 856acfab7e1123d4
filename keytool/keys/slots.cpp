#include "keytool/keys/slots.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dkim::keytool {
namespace {

using crypto::KeyEntry;
using crypto::KeyState;
using crypto::UtcTime;

// From when the drain counts. In a fleet whose machines have not all stopped signing with the key, it will be
// later.
UtcTime last_use(const KeyEntry& key) {
  const auto retired = key.retired.value_or(key.created);
  return std::max(retired, key.stopped.value_or(retired));
}

// Returns when a taken slot may be free at the earliest, if that is known.
std::optional<UtcTime> free_from(const KeyEntry& key, const SlotTimes& times) {
  switch (key.state) {
    case KeyState::pending:
    case KeyState::active:
      return std::nullopt;
    case KeyState::retiring:
      return last_use(key) + times.drain + std::max(key.memory, times.forget);
    case KeyState::revoked:
      if (!key.emptied) return std::nullopt;
      return std::max(*key.emptied + key.memory, key.revoked.value_or(key.created) + times.forget);
  }
  return std::nullopt;
}

// Returns what a taken slot waits for, and until when if that is known.
SlotWait wait_of(const KeyEntry& key, const SlotTimes& times) {
  const auto& name = key.selector.str();
  const auto until = free_from(key, times);
  switch (key.state) {
    case KeyState::pending:
      return {fmt::format("{} has a key that is pending", name), until};
    case KeyState::active:
      return {fmt::format("{} signs", name), until};
    case KeyState::retiring:
      return {fmt::format("{} drains until {}, and its empty record must then reach every resolver", name,
                          crypto::to_string(last_use(key) + times.drain)),
              until};
    case KeyState::revoked:
      if (!until) return {fmt::format("{} waits for its empty record on every server", name), until};
      if (*key.emptied + key.memory == *until) {
        return {fmt::format("resolvers may remember the last key of {} until {}", name,
                            crypto::to_string(*until)),
                until};
      }
      return {fmt::format("the empty record of {} stays until {}", name, crypto::to_string(*until)), until};
  }
  return {};
}

std::string what_it_waits_for(const KeyEntry& key, const std::optional<UtcTime>& until) {
  switch (key.state) {
    case KeyState::pending:
      return "its key is pending";
    case KeyState::active:
      return "its key signs";
    case KeyState::retiring:
      return "mail on its way, then the empty record";
    case KeyState::revoked:
      if (!key.emptied) return "its empty record on every server";
      return *key.emptied + key.memory == until ? "resolvers that may remember its key"
                                                : "its empty record stays";
  }
  return {};
}

}  // namespace

std::vector<canon::Selector> slots_of(const crypto::Manifest& manifest, crypto::Algorithm algorithm) {
  std::vector<canon::Selector> out;
  for (const auto& slot : manifest.slots) {
    if (slot.algorithm == algorithm && !slot.closed) out.push_back(slot.selector);
  }
  return out;
}

bool is_free(const crypto::Slot& slot, const crypto::Manifest& manifest) {
  const auto* last = manifest.find(slot.selector);
  return !slot.closed && (last == nullptr || last->forgotten);
}

std::vector<canon::Selector> free_slots(const crypto::Manifest& manifest,
                                        const std::vector<canon::Selector>& slots,
                                        const canon::Selector& old) {
  auto order = slots;
  const auto own = std::find(order.begin(), order.end(), old);
  if (own != order.end()) std::rotate(order.begin(), own + 1, order.end());
  std::erase_if(order, [&](const canon::Selector& slot) {
    const auto* last = manifest.find(slot);
    return last != nullptr && !last->forgotten;
  });
  return order;
}

std::optional<canon::Selector> free_slot(const crypto::Manifest& manifest,
                                         const std::vector<canon::Selector>& slots,
                                         const canon::Selector& old) {
  const auto free = free_slots(manifest, slots, old);
  return free.empty() ? std::nullopt : std::optional(free.front());
}

void take(crypto::Manifest& manifest, const canon::Selector& slot) {
  std::erase_if(manifest.keys, [&](const KeyEntry& key) { return key.selector == slot; });
  manifest.keys.push_back({.selector = slot});
}

SlotState state_of(const crypto::Manifest& manifest, const canon::Selector& slot, const SlotTimes& times) {
  const auto* key = manifest.find(slot);
  if (key == nullptr) return {true, {}, {}};
  if (key->forgotten) return {true, {}, key->forgotten};
  const auto until = free_from(*key, times);
  return {false, what_it_waits_for(*key, until), until};
}

SlotWait wait_for_slot(const crypto::Manifest& manifest, const std::vector<canon::Selector>& slots,
                       const SlotTimes& times) {
  SlotWait out;
  for (const auto& slot : slots) {
    const auto* key = manifest.find(slot);
    if (key == nullptr || key->forgotten) continue;
    const auto wait = wait_of(*key, times);
    out.reason += (out.reason.empty() ? "" : "; ") + wait.reason;
    if (wait.until && (!out.until || *wait.until < *out.until)) out.until = wait.until;
  }
  return out;
}

}  // namespace dkim::keytool
