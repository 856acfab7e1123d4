#include "keytool/generate/slot_plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "canon/labels.hpp"
#include "crypto/error.hpp"
#include "crypto/keys/key_record.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/keys/slot_holders.hpp"
#include "keytool/keys/slots.hpp"

namespace dkim::keytool {
namespace {

using canon::Selector;
using crypto::Algorithm;
using crypto::Manifest;
using crypto::Slot;

bool has(const std::vector<Selector>& selectors, const Selector& wanted) {
  return std::find(selectors.begin(), selectors.end(), wanted) != selectors.end();
}

std::string_view option_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::rsa:
      return "--slots";
    case Algorithm::ed25519:
      return "--slots-ed25519";
  }
  return {};
}

std::string list_of(const std::vector<Selector>& selectors) {
  std::vector<std::string> names;
  for (const auto& selector : selectors)
    names.push_back(selector.str());
  return fmt::format("{}", fmt::join(names, ","));
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

// A message needs a signature that every receiver verifies.
void refuse_ed25519_alone(const GenerateRequest& request, const Manifest& manifest) {
  const auto is_rsa = [](const auto& entry) { return entry.algorithm == Algorithm::rsa; };
  if (request.slots.empty() || std::any_of(request.slots.begin(), request.slots.end(), is_rsa)) return;
  const bool has_rsa_key = std::any_of(manifest.keys.begin(), manifest.keys.end(), [&](const auto& key) {
    return is_rsa(key) && key.state != crypto::KeyState::revoked;
  });
  if (!has_rsa_key)
    throw UsageError(
        "--slots-ed25519 needs an RSA key beside it, since some large receivers verify RSA only: "
        "give --slots as well");
}

std::string target_of(const Selector& selector, const canon::DomainName& domain,
                      const crypto::KeySettings& settings) {
  if (!settings.slot_target) return {};
  auto name = settings.slot_target->name(selector, domain);
  if (!name) {
    throw UsageError(fmt::format("for the slot {} of {}, slot_target in the configuration makes {}",
                                 selector.str(), domain.str(), name.refusal().reason));
  }
  return *std::move(name);
}

Slot slot_for(const Selector& selector, Algorithm algorithm, const canon::DomainName& domain,
              const crypto::KeySettings& settings, const Manifest& manifest) {
  if (const auto* known = manifest.find_slot(selector)) {
    if (known->algorithm != algorithm) {
      throw UsageError(fmt::format("{} is a slot for {}, and slots keep their algorithm: choose another name",
                                   selector.str(), crypto::key_name(known->algorithm)));
    }
    // The CNAME that was made leads to the old target, whatever the configuration says now.
    auto slot = *known;
    slot.closed = false;
    return slot;
  }
  if (const auto* key = manifest.find(selector)) {
    throw crypto::StoreError(
        fmt::format("the selector {} of {} is that of an ordinary key ({}), and cannot become a slot: choose "
                    "another",
                    selector.str(), domain.str(), to_string(key->state)));
  }
  // RFC 1035 §2.3.4: no receiver could ask for a longer name.
  if (const auto name = crypto::record_name(selector, domain); name.size() > canon::longest_name) {
    throw UsageError(
        fmt::format("the slot {} would have a name of {} bytes, and DNS allows {}: choose a "
                    "shorter one",
                    selector.str(), name.size(), canon::longest_name));
  }
  return {selector, algorithm, target_of(selector, domain, settings)};
}

// Gives the domain the slots, and returns the one that takes the new key.
Selector open_slots(const SlotRequest& wanted, const canon::DomainName& domain,
                    const crypto::KeySettings& settings, const crypto::SignerView& signers,
                    Manifest& manifest) {
  refuse_missing_slots(wanted, manifest);
  std::vector<Slot> slots;
  for (const auto& selector : wanted.selectors)
    slots.push_back(slot_for(selector, wanted.algorithm, domain, settings, manifest));
  // In the order in which they are named now; closed slots of other names stay.
  std::erase_if(manifest.slots, [&](const Slot& slot) { return has(wanted.selectors, slot.selector); });
  manifest.slots.insert(manifest.slots.end(), slots.begin(), slots.end());
  if (auto slot = free_slot(manifest, wanted.selectors, wanted.selectors.back())) return *std::move(slot);
  throw crypto::StoreError(
      fmt::format("no slot is free: {}{}",
                  wait_for_slot(manifest, wanted.selectors, {settings.drain, settings.forget}).reason,
                  slot_holders_text(manifest, wanted.selectors, signers)));
}

void close_slots(const std::vector<KeyRequest>& keys, Manifest& manifest) {
  bool closed = false;
  for (auto& slot : manifest.slots) {
    const bool is_replaced = std::any_of(
        keys.begin(), keys.end(), [&](const KeyRequest& key) { return key.algorithm == slot.algorithm; });
    closed = closed || (is_replaced && !slot.closed);
    slot.closed = slot.closed || is_replaced;
  }
  if (!closed) throw UsageError("the domain has no slots of this algorithm: leave out --no-slots");
}

// An ordinary key beside slots would retire the key of a slot, and be replaced by a slot's in the next turn.
void refuse_slots(const std::vector<KeyRequest>& keys, const Manifest& manifest) {
  for (const auto& key : keys) {
    if (manifest.is_slot(key.selector)) {
      throw UsageError(
          fmt::format("{} is a slot, and not a name for an ordinary key: give {} with all slots, or another "
                      "--selector",
                      key.selector.str(), option_of(manifest.find_slot(key.selector)->algorithm)));
    }
    const auto slots = slots_of(manifest, key.algorithm);
    if (slots.empty()) continue;
    throw UsageError(fmt::format(
        "the domain has slots: give {} {} for a key in the next one, or --no-slots to go back to ordinary "
        "selectors",
        option_of(key.algorithm), list_of(slots)));
  }
}

}  // namespace

std::vector<KeyRequest> apply_slots(const GenerateRequest& request, const canon::DomainName& domain,
                                    const crypto::KeySettings& settings, const crypto::SignerView& signers,
                                    Manifest& manifest) {
  if (request.no_slots) close_slots(request.keys, manifest);
  if (request.slots.empty()) {
    refuse_slots(request.keys, manifest);
    return request.keys;
  }
  refuse_ed25519_alone(request, manifest);
  std::vector<KeyRequest> keys;
  for (const auto& wanted : request.slots)
    keys.push_back({open_slots(wanted, domain, settings, signers, manifest), wanted.algorithm});
  return keys;
}

}  // namespace dkim::keytool
