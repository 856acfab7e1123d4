// keys.conf: which keys a domain has and in which state. One a domain, a libconfig text.
//
// Read by the daemon (crypto/store/key_store) and by dkimkey, written by dkimkey through domain_transaction.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "canon/selector.hpp"
#include "crypto/keys/algorithm.hpp"
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
  // While pending: since when every authoritative server was seen to serve the record without a break.
  std::optional<UtcTime> published = {};
  std::optional<UtcTime> activated = {};
  std::optional<UtcTime> retired = {};
  std::optional<UtcTime> revoked = {};
  // The record is out of DNS: nothing is left to do for this key but to remember its selector.
  std::optional<UtcTime> forgotten = {};
  // Keys that it was made to replace, or that retired for it: who asks for one of them means this one, too.
  std::vector<canon::Selector> replaces = {};

  bool operator==(const KeyEntry&) const = default;
};

struct Manifest {
  // Mail of a subdomain that has no active key of its own may be signed as this domain.
  bool subdomains = true;
  RecordFlags record;
  // In the order of their creation. Entries stay when the key is gone: a selector is never used twice.
  std::vector<KeyEntry> keys;

  const KeyEntry* find(const canon::Selector& selector) const;
  // Is the key the named one, or one that came in its place, however many rotations ago?
  bool stands_for(const KeyEntry& key, const canon::Selector& selector) const;

  bool operator==(const Manifest&) const = default;
};

// Throws SettingsError with file:line for anything but a whole and consistent manifest.
Manifest parse_manifest(std::string_view text, const std::string& file_name);
// Throws StoreError for one that would be too large to be read: some 2,000 keys, which two algorithms that
// turn each week come to in 20 years.
std::string write_manifest(const Manifest& manifest);

}  // namespace dkim::crypto
