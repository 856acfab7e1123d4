#include "keytool/rotation/revocation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "crypto/error.hpp"
#include "crypto/keys/key_record.hpp"
#include "keytool/keys/next_selector.hpp"
#include "keytool/keys/slot_holders.hpp"
#include "keytool/keys/slots.hpp"
#include "keytool/keys/stored_keys.hpp"

namespace dkim::keytool {
namespace {

using crypto::KeyEntry;
using crypto::KeyState;

template <typename Wanted>
bool has_another_active(const crypto::Manifest& manifest, const KeyEntry& key, Wanted is_wanted) {
  return std::any_of(manifest.keys.begin(), manifest.keys.end(), [&](const KeyEntry& other) {
    return other.algorithm == key.algorithm && other.state == KeyState::active &&
           other.selector != key.selector && is_wanted(other);
  });
}

// Whether mail would lose its signature of the key's algorithm, for the domain, for a rule or for also_sign.
bool is_needed(const crypto::Manifest& manifest, const canon::DomainName& domain, const KeyEntry& key,
               const crypto::SigningSettings& settings) {
  if (key.state != KeyState::active) return false;
  if (!has_another_active(manifest, key, [](const KeyEntry&) { return true; })) return true;
  const auto needs = [&](const crypto::SenderRule& rule) {
    const auto is_named = [&](const KeyEntry& entry) {
      return std::any_of(rule.selectors.begin(), rule.selectors.end(),
                         [&](const auto& selector) { return manifest.stands_for(entry, selector); });
    };
    return rule.domain == domain && is_named(key) && !has_another_active(manifest, key, is_named);
  };
  return std::any_of(settings.rules.begin(), settings.rules.end(), needs) ||
         std::any_of(settings.also_sign.begin(), settings.also_sign.end(), needs);
}

// Returns the newest pending key that is to replace the old one; one that DNS was seen to serve is preferred.
const KeyEntry* pending_successor(const crypto::Manifest& manifest, const KeyEntry& old) {
  const KeyEntry* newest = nullptr;
  for (const auto& key : manifest.keys) {
    if (key.algorithm != old.algorithm || key.state != KeyState::pending) continue;
    if (!overlap(retired_by(manifest, key), {old.selector})) continue;
    if (newest == nullptr || key.published || !newest->published) newest = &key;
  }
  return newest;
}

// Returns the name of a new key that replaces the old one; nothing if no slot is free. Throws StoreError if
// there is no name.
std::optional<canon::Selector> successor_of(const crypto::Manifest& manifest, const KeyEntry& old,
                                            const RotationPolicy& policy, crypto::UtcTime now) {
  const auto slots = slots_of(manifest, old.algorithm);
  if (!slots.empty()) return free_slot(manifest, slots, old.selector);
  auto selector = next_selector(manifest, old.selector, old.algorithm, now, policy.selectors);
  if (!selector)
    throw crypto::StoreError(fmt::format("a successor has no name: {}", selector.refusal().reason));
  return *std::move(selector);
}

// Only what resolvers remember, and machines that may still sign, hold up a slot in such a case.
std::string slots_wait_for(const crypto::Manifest& manifest, const KeyEntry& old,
                           const crypto::SignerView& signers) {
  const auto slots = slots_of(manifest, old.algorithm);
  return wait_for_slot(manifest, slots, {}).reason + slot_holders_text(manifest, slots, signers);
}

[[noreturn]] void throw_no_free_slot(const crypto::Manifest& manifest, const KeyEntry& old,
                                     const std::string& why) {
  const auto& name = old.selector.str();
  const auto twice =
      has_retiring_predecessor(manifest, old)
          ? fmt::format(", run twice because the first run only revokes the key that {} has replaced,", name)
          : "";
  throw crypto::StoreError(fmt::format(
      "{0} signs mail that no other key signs, and no slot is free for a successor: {1}. "
      "What can be done now: "
      "\"dkimkey rotate --compromised --wait\"{2} ends all drains, and replaces {0} as soon as "
      "resolvers have forgotten the last key of a slot; "
      "\"dkimkey generate --slots\" with one slot more makes a key that signs once its record is in DNS; "
      "\"dkimkey revoke --unsigned\" revokes {0} at once, and mail leaves unsigned until a slot is free",
      name, why, twice));
}

RotationPolicy policy_for(const canon::DomainName& domain, RotationPolicy policy) {
  policy.selectors.most_bytes = longest_selector(domain);
  return policy;
}

void add_successor(crypto::DomainChange& transaction, const KeyEntry& old, const canon::Selector& selector,
                   crypto::UtcTime now) {
  const auto key = crypto::PrivateKey::generate(old.algorithm, old.bits);
  transaction.add_key({.selector = selector, .algorithm = old.algorithm, .bits = key.bits(), .created = now},
                      key);
}

// Makes a successor sign in the place of the old key, which retires. signers: asked for if no slot is free.
Revocation replace(crypto::DomainChange& transaction, const KeyEntry& old, const RotationPolicy& policy,
                   crypto::UtcTime now, IfNoSlotIsFree if_no_slot_is_free,
                   const std::function<crypto::SignerView()>& signers) {
  Revocation out;
  if (const auto* pending = pending_successor(transaction.manifest(), old)) {
    out.successor = pending->selector;
  } else if ((out.successor = successor_of(transaction.manifest(), old, policy, now))) {
    add_successor(transaction, old, *out.successor, now);
  } else {
    auto why = slots_wait_for(transaction.manifest(), old, signers());
    if (if_no_slot_is_free == IfNoSlotIsFree::refuse) throw_no_free_slot(transaction.manifest(), old, why);
    out.unsigned_because = std::move(why);
    return out;
  }
  apply_change(Activate{*out.successor, {old.selector}}, transaction.manifest(), now);
  return out;
}

}  // namespace

Revocation revoke_key(crypto::StoreOfRecord& store, const canon::DomainName& domain,
                      const canon::Selector& selector, const crypto::SigningSettings& settings,
                      const RotationPolicy& policy, crypto::UtcTime now, IfNoSlotIsFree if_no_slot_is_free) {
  // A transaction would make a directory for a domain without keys.
  if (!store.has(domain)) throw crypto::StoreError(no_keys_text(store.place(), domain));
  const auto transaction = store.change(domain);
  auto& manifest = transaction->manifest();
  const KeyEntry old = require_key(manifest, domain, selector);
  if (old.state == KeyState::revoked)
    throw crypto::StoreError(fmt::format("the key {} is revoked already", selector.str()));

  Revocation done;
  if (is_needed(manifest, domain, old, settings)) {
    done = replace(*transaction, old, policy_for(domain, policy), now, if_no_slot_is_free,
                   [&] { return store.signers(domain); });
  }
  apply_change(Revoke{selector}, manifest, now);
  transaction->rewrite_record(*manifest.find(selector));
  transaction->commit();
  return done;
}

}  // namespace dkim::keytool
