// A domain's manifest, keys.conf: which keys it has and in which states. The file is a libconfig text.
//
// A text that is not a whole and consistent manifest is a SettingsError with file and line.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "canon/selector.hpp"
#include "crypto/keys/algorithm.hpp"
#include "crypto/keys/key_id.hpp"
#include "crypto/keys/record_flags.hpp"
#include "crypto/utc_time.hpp"

namespace dkim::crypto {

enum class KeyState { pending, active, retiring, revoked };

std::string_view to_string(KeyState state);

struct KeyEntry {
  canon::Selector selector;
  Algorithm algorithm = Algorithm::rsa;
  int bits = 0;
  KeyState state = KeyState::pending;
  UtcTime created = {};
  // While pending: since when every authoritative server has served the record without a break.
  std::optional<UtcTime> published = {};
  std::optional<UtcTime> activated = {};
  std::optional<UtcTime> retired = {};
  // In a fleet, once retired or revoked: since when no machine has signed with it any more.
  std::optional<UtcTime> stopped = {};
  std::optional<UtcTime> revoked = {};
  // Since when nothing is left to do: the record is out of DNS, and only the selector is remembered. In a
  // slot: no resolver can remember the key, and the slot is free.
  std::optional<UtcTime> forgotten = {};
  // In a slot, while revoked: since when every authoritative server has served the empty record without a
  // break.
  std::optional<UtcTime> emptied = {};
  // In a slot: the longest time for which a resolver may remember what it was seen to serve.
  std::chrono::seconds memory{0};
  // How many keys have had this selector, which is one unless it is a slot. Each has a key file of its own.
  int use = 1;
  // Keys that this one was made to replace, or that retired for it. A rule that names one of them covers this
  // key, too.
  std::vector<KeyId> replaces = {};

  KeyId id() const { return {selector, use}; }

  bool operator==(const KeyEntry&) const = default;
};

// A fixed selector, to which a CNAME of the domain's owner may lead. It is used again when all traces of its
// last key are gone.
struct Slot {
  canon::Selector selector;
  Algorithm algorithm = Algorithm::rsa;
  // The name to which the CNAME leads, where the records are published; empty: there is no CNAME.
  std::string target = {};
  // Gets no more keys, because the domain went back to ordinary selectors. Its last key runs its course
  // there.
  bool closed = false;

  bool operator==(const Slot&) const = default;
};

struct Manifest {
  // May mail of a subdomain without an active key of its own be signed as this domain?
  bool subdomains = true;
  RecordFlags record;
  // In the order of their creation. Entries stay when the key is gone, because a selector is never used
  // twice; only the entry of a slot is replaced by that of its next key.
  std::vector<KeyEntry> keys;
  // If an algorithm has slots that are not closed, its new keys go into them, in this order.
  std::vector<Slot> slots;

  // Returns nullptr if the selector is not a slot.
  const Slot* find_slot(const canon::Selector& selector) const;
  bool is_slot(const canon::Selector& selector) const { return find_slot(selector) != nullptr; }
  const KeyEntry* find(const canon::Selector& selector) const;
  // Returns true if the key has this selector or is a successor of a key that has or had it, over any number
  // of turns: as rules mean it.
  bool stands_for(const KeyEntry& key, const canon::Selector& selector) const;
  // Returns true if it is this very key or a successor of it.
  bool succeeds(const KeyEntry& key, const KeyId& older) const;

  bool operator==(const Manifest&) const = default;
};

// Throws SettingsError with file:line for anything but a whole and consistent manifest.
Manifest parse_manifest(std::string_view text, const std::string& file_name);
// Throws StoreError if the text would be too large to be read: some 2,000 keys, which two algorithms with a
// turn each week reach in 20 years.
std::string write_manifest(const Manifest& manifest);

}  // namespace dkim::crypto
