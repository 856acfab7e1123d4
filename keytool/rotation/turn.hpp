// One domain's way through the cycle, as far as the facts allow: looks at DNS, asks keytool/rotation/rotation
// what follows, does it, and begins again until nothing is left to do.
//
// Called by rotate, activate and revoke. May run at any time, by anyone, twice at once: plans are made
// without a lock, and carried out under it only if the manifest is still the one they were made from.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "crypto/keys/record_text.hpp"
#include "crypto/settings/key_settings.hpp"
#include "crypto/store/key_store.hpp"
#include "keytool/dns/observation.hpp"
#include "keytool/rotation/rotation.hpp"

namespace dkim::keytool {

using Clock = std::function<crypto::UtcTime()>;

// What a person must put into DNS or take out of it.
struct HandWork {
  Publication::What what;
  crypto::NamedRecord record;
};

// What was brought into DNS, or out of it, for whom.
using PublishedSet = std::set<std::pair<canon::Selector, Publication::What>>;

struct TurnReport {
  // What happened, in order, a sentence each.
  std::vector<std::string> events;
  std::vector<HandWork> hand_work;
  // Publications that were done.
  PublishedSet published;
  // Publications that failed, and why.
  std::vector<std::string> failures;
  std::vector<Waiting> waiting;
  std::optional<crypto::UtcTime> next_look;
  crypto::Manifest manifest;

  bool waits_for_somebody() const;
  // Nothing happened and nothing is to be done by anyone now.
  bool is_idle() const {
    return events.empty() && hand_work.empty() && failures.empty() && !waits_for_somebody();
  }
};

struct TurnOptions {
  RotationRequest request;
  RotationPolicy policy;
  DnsAccess dns;
  crypto::PublishSettings publish;
  // Whether the records of active keys are of interest, too.
  bool look_at_active = false;
  bool dry_run = false;
  // Not to be published again: a moment ago they were, and DNS takes its time.
  PublishedSet published;
};

RotationPolicy policy_of(const crypto::KeySettings& settings);

// Throws crypto::Error: no store for the domain, or a store that cannot be read or written.
TurnReport run_turn(const crypto::KeyStore& store, const canon::DomainName& domain,
                    const TurnOptions& options, const Clock& now);

}  // namespace dkim::keytool
