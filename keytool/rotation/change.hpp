// The changes that a turn makes in a manifest. Nothing here fails.
#pragma once

#include <chrono>
#include <optional>
#include <variant>

#include "crypto/store/manifest.hpp"
#include "crypto/utc_time.hpp"
#include "keytool/rotation/succession.hpp"

namespace dkim::keytool {

struct MakeKey {
  canon::Selector selector;
  crypto::Algorithm algorithm;
  int bits;
  crypto::KeyId replaces;
};
struct NotePublished {
  canon::Selector selector;
  std::optional<crypto::UtcTime> since;  // nothing: some server does not serve the record
};
struct Activate {
  canon::Selector selector;
  Selectors retire;
};
// No machine of the fleet signs with the retired or revoked key any more.
struct NoteStopped {
  canon::Selector selector;
};
struct Revoke {
  canon::Selector selector;  // the private key is destroyed
};
struct Forget {
  canon::Selector selector;
};
// Every server has served the slot's empty record since then; nothing: some server does not serve it, and the
// slot is not free.
struct NoteEmptied {
  canon::Selector selector;
  std::optional<crypto::UtcTime> since;
};
// A resolver may remember what the slot serves for longer than was known.
struct NoteMemory {
  canon::Selector selector;
  std::chrono::seconds memory;
};
using Change =
    std::variant<MakeKey, NotePublished, Activate, NoteStopped, Revoke, Forget, NoteEmptied, NoteMemory>;

// Makes a plan's change in a manifest. MakeKey changes nothing here: DomainTransaction::add_key() adds the
// entry with its file.
void apply_change(const Change& change, crypto::Manifest& manifest, crypto::UtcTime now);

}  // namespace dkim::keytool
