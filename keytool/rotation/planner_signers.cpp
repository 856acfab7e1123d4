// The gates of a fleet: a key signs when every machine has it, and is done with when none signs with it any
// more.
#include <fmt/format.h>

#include <algorithm>

#include "keytool/keys/signer_text.hpp"
#include "keytool/rotation/planner.hpp"

namespace dkim::keytool {

using crypto::KeyState;
using crypto::UtcTime;

namespace {

// Returns when the last of them stops automatically, if all have left; a machine that is expected back has no
// such time.
std::optional<UtcTime> end_of_leases(const Signers& signers) {
  std::optional<UtcTime> end;
  for (const auto& signer : signers) {
    if (!signer.left || !signer.lease_end) return std::nullopt;
    end = std::max(end.value_or(*signer.lease_end), *signer.lease_end);
  }
  return end;
}

}  // namespace

// Whether the machines let a pending key become active; if not, it waits for them. A compromised key must not
// go on signing everywhere because one machine does not answer.
bool Planner::is_held_by_all(const KeyEntry& key) {
  auto lacking = expected_back(signers_);
  if (is_compromised() || lacking.empty()) return true;
  auto reason = lacks_key_text(lacking);
  plan_.waiting.push_back({key.selector, std::move(reason), {}, Waiting::For::signers, std::move(lacking)});
  return false;
}

// Notes that every machine has stopped signing with the key, or waits for those that may still do so.
void Planner::look_after_stop(const KeyEntry& key) {
  if (signers_.behind.empty()) {
    plan_.changes.emplace_back(NoteStopped{key.selector});
    return;
  }
  const auto since = key.retired.value_or(key.created);
  // A key that was revoked before all have stopped is compromised: waiting does not help.
  const bool is_urgent = key.state == KeyState::revoked;
  const bool is_one_stuck = is_urgent || std::any_of(signers_.behind.begin(), signers_.behind.end(),
                                                     [&](const crypto::LaggingSigner& signer) {
                                                       return is_stuck(signer, since, now_);
                                                     });
  const auto reason =
      is_urgent ? still_signs_text(signers_.behind)
                : fmt::format("the drain begins when no machine signs with it any more; until then: {}",
                              names_text(signers_.behind));
  plan_.waiting.push_back({key.selector, reason, end_of_leases(signers_.behind),
                           is_one_stuck ? Waiting::For::signers : Waiting::For::time, signers_.behind});
}

// The clocks of two machines may differ: the later time counts.
UtcTime Planner::drained(const KeyEntry& key) const {
  const auto retired = key.retired.value_or(now_);
  const auto last_use = signers_.is_fleet ? std::max(retired, key.stopped.value_or(retired)) : retired;
  return last_use + policy_.drain;
}

}  // namespace dkim::keytool
