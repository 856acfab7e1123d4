#include "keytool/generate/slot_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/error.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/keys/slots.hpp"

namespace dkim::keytool {
namespace {

using crypto::Manifest;
using crypto::Slot;

bool has(const std::vector<canon::Selector>& selectors, const canon::Selector& wanted) {
  return std::find(selectors.begin(), selectors.end(), wanted) != selectors.end();
}

// CNAMEs that were made lead to the slots: none may be forgotten by mistake.
void refuse_missing_slots(const SlotRequest& request, const Manifest& manifest) {
  for (const auto& slot : slots_of(manifest, request.algorithm)) {
    if (has(request.selectors, slot)) continue;
    throw UsageError(
        fmt::format("the domain has the slot {}: name it too, or go back to ordinary selectors with "
                    "--no-slots",
                    slot.str()));
  }
}

std::string target_of(const canon::Selector& selector, const canon::DomainName& domain,
                      const crypto::KeySettings& settings) {
  if (!settings.slot_target) return {};
  auto name = settings.slot_target->name(selector, domain);
  if (!name)
    throw UsageError(fmt::format("slot_target makes, for {}, {}", selector.str(), name.refusal().reason));
  return *std::move(name);
}

Slot slot_for(const canon::Selector& selector, crypto::Algorithm algorithm, const canon::DomainName& domain,
              const crypto::KeySettings& settings, const Manifest& manifest) {
  if (const auto* known = manifest.find_slot(selector)) {
    if (known->algorithm != algorithm)
      throw UsageError(fmt::format("{} is a slot for the other algorithm", selector.str()));
    return *known;
  }
  if (manifest.find(selector) != nullptr) {
    throw crypto::StoreError(
        fmt::format("the selector {} was used in {} before, and cannot become a slot: choose another",
                    selector.str(), domain.str()));
  }
  return {selector, algorithm, target_of(selector, domain, settings)};
}

}  // namespace

std::vector<KeyRequest> apply_slots(const GenerateRequest& request, const canon::DomainName& domain,
                                    const crypto::KeySettings& settings, Manifest& manifest) {
  std::vector<KeyRequest> keys;
  for (const auto& wanted : request.slots) {
    const auto is_for_algorithm = [&](const auto& entry) { return entry.algorithm == wanted.algorithm; };
    if (wanted.selectors.empty()) {
      if (std::any_of(request.keys.begin(), request.keys.end(), is_for_algorithm))
        std::erase_if(manifest.slots, is_for_algorithm);
      continue;
    }
    refuse_missing_slots(wanted, manifest);
    std::vector<Slot> slots;
    for (const auto& selector : wanted.selectors)
      slots.push_back(slot_for(selector, wanted.algorithm, domain, settings, manifest));
    std::erase_if(manifest.slots, is_for_algorithm);
    manifest.slots.insert(manifest.slots.end(), slots.begin(), slots.end());
    const auto slot = free_slot(manifest, wanted.selectors, wanted.selectors.back());
    if (!slot) {
      throw crypto::StoreError(
          fmt::format("no slot is free: {}",
                      wait_for_slot(manifest, wanted.selectors, {settings.drain, settings.forget}).reason));
    }
    keys.push_back({*slot, wanted.algorithm});
  }
  return keys.empty() ? request.keys : keys;
}

}  // namespace dkim::keytool
