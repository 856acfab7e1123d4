// The cycle of a domain's keys, as a pure function: what is to be done now, given the manifest, what DNS
// shows and the time. No I/O, no clock.
//
// Called by keytool/rotation/turn until nothing is left to do; each of its rules is a row of a test. The
// promises it keeps:
//  - a key becomes active only when every authoritative server serves its record, and, where another key
//    of its algorithm is active, only after no resolver can remember an older answer;
//  - each active key is replaced by one of its own, so that a rule that names it keeps its meaning;
//  - no algorithm that has an active key is ever left without one: the old key retires in the same write
//    in which the new one becomes active;
//  - nothing that cannot be found out counts as found, and nothing is done by a clock that is wrong by days.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "crypto/store/manifest.hpp"
#include "crypto/utc_time.hpp"
#include "keytool/dns/record_view.hpp"

namespace dkim::keytool {

// By selector. A key without an entry counts as unknown.
using DnsView = std::map<canon::Selector, RecordView>;

struct RotationPolicy {
  std::chrono::seconds every = std::chrono::days(180);  // how old an active key gets before a turn is due
  std::chrono::seconds drain = std::chrono::days(7);    // how long a retired key's record stays
  std::chrono::seconds forget = std::chrono::days(30);  // how long a revoked key's empty record stays
};

struct RotationRequest {
  enum class Turn { none, if_due, start };
  // Whether to begin a turn for an algorithm that has no key on its way.
  Turn turn = Turn::none;
  // Retiring keys are revoked without waiting for the drain.
  bool compromised = false;
};

// Changes of the manifest. All those of one plan are made in one write.
struct MakeKey {
  canon::Selector selector;
  crypto::Algorithm algorithm;
  int bits;
  canon::Selector replaces;
};
struct NotePublished {
  canon::Selector selector;
  std::optional<crypto::UtcTime> since;  // nothing: the record is not everywhere (any more)
};
struct Activate {
  canon::Selector selector;
  std::vector<canon::Selector> retire;
};
struct Revoke {
  canon::Selector selector;  // its private key is destroyed
};
struct Forget {
  canon::Selector selector;
};
using Change = std::variant<MakeKey, NotePublished, Activate, Revoke, Forget>;

// What DNS is to have and has not.
struct Publication {
  enum class What { record, empty_record, nothing };
  canon::Selector selector;
  What what = What::record;

  bool operator==(const Publication&) const = default;
};

// Why it does not go on, and when it may.
struct Waiting {
  canon::Selector selector;
  std::string reason;
  // When a look is worth it again; nothing: when somebody has changed DNS.
  std::optional<crypto::UtcTime> until;
  // Does it wait for DNS or a person, rather than for time that passes by itself?
  bool for_somebody = false;
};

struct RotationPlan {
  // If there are any, make them, look at DNS again and ask again.
  std::vector<Change> changes;
  std::vector<Publication> publications;
  std::vector<Waiting> waiting;

  // The earliest time at which a look is worth it.
  std::optional<crypto::UtcTime> next_look() const;
};

RotationPlan plan_rotation(const crypto::Manifest& manifest, const DnsView& dns, crypto::UtcTime now,
                           const RotationPolicy& policy, const RotationRequest& request);

// Which of the active keys retire when a pending one becomes active: those that it was made to replace, or
// all of its algorithm if it was made by hand.
std::vector<canon::Selector> retired_by(const crypto::Manifest& manifest, const crypto::KeyEntry& pending);

// The newest pending key for the same place goes on, unless a newer one signs there already; older ones were
// overtaken, and wait for a person. Nothing if the key goes on. The key must be one of the manifest's.
const crypto::KeyEntry* overtaken_by(const crypto::Manifest& manifest, const crypto::KeyEntry& pending);

// Makes a plan's changes in a manifest (not the files of MakeKey and Revoke).
void apply_change(const Change& change, crypto::Manifest& manifest, crypto::UtcTime now);

}  // namespace dkim::keytool
