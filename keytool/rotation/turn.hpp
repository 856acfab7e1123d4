// Takes all turns of one domain as far as DNS and time allow: looks at DNS, asks keytool/rotation/rotation
// for a plan, carries it out, and repeats this until there is nothing left to do.
//
// It may run at any time, by anyone, and twice at once: plans are made without a lock, and carried out under
// it only if the manifest is still the one that they were made from. It may be killed at any instant.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "crypto/keys/record_text.hpp"
#include "crypto/settings/key_settings.hpp"
#include "crypto/store/store_of_record.hpp"
#include "keytool/dns/observation.hpp"
#include "keytool/rotation/rotation.hpp"

namespace dkim::keytool {

using Clock = std::function<crypto::UtcTime()>;

// A change in DNS that a person must make.
struct HandWork {
  Publication::What what;
  crypto::NamedRecord record;  // for Publication::What::nothing only the name matters
};

using PublishedSet = std::set<std::pair<canon::Selector, Publication::What>>;

struct TurnReport {
  // What happened, in order, a sentence each.
  std::vector<std::string> events;
  std::vector<HandWork> hand_work;
  // Publications that were made.
  PublishedSet published;
  // Publications that failed, and why.
  std::vector<std::string> failures;
  std::vector<Waiting> waiting;
  // The earliest time for another look, if it is known.
  std::optional<crypto::UtcTime> next_look;
  // The active keys whose turn cannot begin before a slot is free.
  Selectors without_slot;
  // The manifest that the last plan was made from.
  crypto::Manifest manifest;
  // What DNS showed at the last look.
  DnsView dns;

  // Whether a key waits for DNS, a person or machines that do not answer: for more than time.
  bool waits_for_somebody() const;
  // Whether nothing happened, nobody has to do anything, and keys wait for nothing but the drain and the time
  // "forget".
  bool is_idle() const {
    return events.empty() && hand_work.empty() && failures.empty() && !waits_for_somebody();
  }
};

struct TurnOptions {
  RotationRequest request;
  RotationPolicy policy;
  DnsAccess dns;
  crypto::PublishSettings publish;
  // Whether to look at the records of active keys, too.
  bool look_at_active = false;
  // Whether to report what would happen, and to change nothing.
  bool dry_run = false;
  // Publications that a run made a moment ago: they are not repeated, since DNS takes its time.
  PublishedSet published;
};

RotationPolicy policy_of(const crypto::KeySettings& settings);

// Throws crypto::Error if the domain has no keys, or if the store cannot be read or written. A publication
// that fails is in the report.
TurnReport run_turn(crypto::StoreOfRecord& store, const canon::DomainName& domain, const TurnOptions& options,
                    const Clock& now);

}  // namespace dkim::keytool
