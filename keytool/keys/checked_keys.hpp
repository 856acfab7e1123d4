// Compares the keys of a domain with what every name server has for them: what check shows.
#pragma once

#include <optional>
#include <vector>

#include "canon/domain_name.hpp"
#include "canon/selector.hpp"
#include "crypto/keys/record_text.hpp"
#include "crypto/store/key_store.hpp"
#include "keytool/dns/observation.hpp"

namespace dkim::keytool {

// A key, and what DNS shows of its record.
struct CheckedKey {
  canon::DomainName domain;
  crypto::KeyEntry entry;
  crypto::NamedRecord record;        // as it should be, where it is published
  std::optional<crypto::Slot> slot;  // if it is in one
  RecordPlace place;
  KeyObservation observation;
  RecordView view;
};

// A slot without a key, whose CNAME the next key will need.
struct CheckedSlot {
  canon::DomainName domain;
  crypto::Slot slot;
  RecordPlace place;
  AliasObservation observation;
  AliasView view;
};

struct Checked {
  std::vector<CheckedKey> keys;
  std::vector<CheckedSlot> slots;
};

enum class Verdict { right, wrong, unknown };

// Returns what the CNAME of a slot is worth to its key.
Verdict verdict_of(const AliasView& view);
Verdict verdict_of_alias(const CheckedKey& key);
// Returns it for the record and the way to it.
Verdict verdict_of(const CheckedKey& key);

// Looks at the records of all keys that are not forgotten and at the CNAMEs of free slots, or at one key.
// Throws crypto::Error if there are no keys or if they cannot be read.
Checked check_domain(const crypto::KeyStore& store, const canon::DomainName& domain,
                     const std::optional<canon::Selector>& only, const DnsAccess& access);

}  // namespace dkim::keytool
