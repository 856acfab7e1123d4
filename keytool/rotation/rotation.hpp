// Plans the cycle of a domain's keys, as a pure function: what is to be done now, given the manifest, what
// DNS shows and the time. No I/O, no clock, no failure. keytool/rotation/turn carries plans out.
//
// It keeps these promises:
//  - a key becomes active only when every authoritative server serves its record and, if another key of its
//    algorithm is active, only after no resolver can remember an older answer;
//  - each active key is replaced by a successor of its own, so a rule that names it keeps its meaning;
//  - an algorithm that has an active key never loses its last one: the old key retires in the same write in
//    which the new one becomes active;
//  - a slot gets its next key only when nothing of the last one is left: its mail has drained, every server
//    serves its empty record, no resolver can remember another, and the time "forget" is over;
//  - in a fleet, a key becomes active only when every machine that has not left has it, and a key that signed
//  is
//    revoked only after the drain since the last machine stopped signing with it; its record is not removed,
//    and its slot not free, before that. Only keys that are compromised do not wait for machines;
//  - nothing that could not be determined counts as seen;
//  - nothing is done while the manifest has a time more than a day ahead of the clock.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "crypto/store/manifest.hpp"
#include "crypto/store/signer_view.hpp"
#include "crypto/utc_time.hpp"
#include "keytool/dns/record_view.hpp"
#include "keytool/keys/next_selector.hpp"
#include "keytool/rotation/change.hpp"

namespace dkim::keytool {

// By selector. The record of a key without an entry is unknown.
using DnsView = std::map<canon::Selector, RecordView>;

struct RotationPolicy {
  std::chrono::seconds every = std::chrono::days(180);  // the age at which an active key is due
  std::chrono::seconds drain = std::chrono::days(7);    // how long the record of a retiring key stays
  std::chrono::seconds forget = std::chrono::days(30);  // how long the empty record of a revoked key stays
  SelectorNaming selectors = {};                        // the names of new keys
};

struct RotationRequest {
  // Which active keys get a successor, unless one is on its way already.
  enum class Replace { none, due_keys, all_keys };
  // Retiring keys that are compromised are revoked without the drain, and free their slot without the time
  // "forget".
  enum class RetiringKeys { trusted, compromised };

  Replace replace = Replace::none;
  RetiringKeys retiring_keys = RetiringKeys::trusted;
  // If not empty, no other keys get a successor.
  Selectors only = {};
};

// A record that DNS should have and does not, or should no longer have.
struct Publication {
  enum class What { record, empty_record, nothing };
  canon::Selector selector;
  What what = What::record;

  bool operator==(const Publication&) const = default;
};

// Why a key does not go on, and when it may.
struct Waiting {
  // Whether it waits only until the drain, the time "forget" or the lease of a machine that has left is over,
  // or until machines that are in contact have caught up; for DNS or a person: until a record is published,
  // resolvers have forgotten an older answer, a slot is free for a turn that a person has asked for, or the
  // clock is corrected; or for machines of the fleet of which some does not answer, or refuses the domain.
  enum class For { time, dns_or_person, signers };

  canon::Selector selector;
  std::string reason;
  // The earliest time for another look; nothing: after somebody has changed DNS, or a machine has caught up.
  std::optional<crypto::UtcTime> until;
  For what = For::time;
  // The machines for which it waits.
  std::vector<crypto::LaggingSigner> signers = {};
};

struct RotationPlan {
  // If there are changes: make them, look at DNS again and ask for another plan.
  std::vector<Change> changes;
  std::vector<Publication> publications;
  std::vector<Waiting> waiting;
  // The active keys whose turn cannot begin before a slot is free.
  Selectors without_slot;

  // Returns the earliest time for another look, if it is known.
  std::optional<crypto::UtcTime> next_look() const;
};

// Returns the active keys for which the request begins a turn, if they get a successor.
Selectors keys_to_replace(const crypto::Manifest& manifest, crypto::UtcTime now, const RotationPolicy& policy,
                          const RotationRequest& request);

// signers: which machines do not hold this manifest.
RotationPlan plan_rotation(const crypto::Manifest& manifest, const DnsView& dns,
                           const crypto::SignerView& signers, crypto::UtcTime now,
                           const RotationPolicy& policy, const RotationRequest& request);

}  // namespace dkim::keytool
