#include "keytool/rotation/rotation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "keytool/keys/slots.hpp"
#include "keytool/rotation/clock_error.hpp"

namespace dkim::keytool {
namespace {

using crypto::Algorithm;
using crypto::KeyEntry;
using crypto::KeyState;
using crypto::UtcTime;
using State = RecordView::State;

// Makes one plan: holds the arguments, and the plan as it grows.
class Planner {
 public:
  Planner(const crypto::Manifest& manifest, const DnsView& dns, UtcTime now, const RotationPolicy& policy,
          const RotationRequest& request)
      : manifest_(manifest), names_(manifest), dns_(dns), now_(now), policy_(policy), request_(request) {}

  RotationPlan plan() {
    if (is_clock_wrong()) return std::move(plan_);
    for (const Algorithm algorithm : crypto::all_algorithms) {
      for (const auto* key : keys(algorithm, KeyState::active))
        begin_turn(*key);
    }
    for (const auto& key : manifest_.keys)
      note_memory(key);
    // The keys that sign mail come first.
    for (const auto& key : manifest_.keys) {
      if (key.state == KeyState::active) look_after_active(key);
    }
    for (const auto& key : manifest_.keys) {
      if (key.state == KeyState::pending) advance(key);
    }
    for (const auto& key : manifest_.keys) {
      if (key.state == KeyState::retiring) look_after_retiring(key);
      if (key.state == KeyState::revoked && !key.forgotten) look_after_revoked(key);
    }
    return std::move(plan_);
  }

 private:
  bool is_clock_wrong() {
    const auto error = clock_error(manifest_, now_);
    if (!error) return false;
    wait_for_somebody(
        *error->key,
        fmt::format("the clock shows {}, but the manifest has {} for this key: rotation is paused "
                    "until the clock or the manifest is corrected",
                    crypto::to_string(now_), crypto::to_string(error->time)));
    return true;
  }

  // The next key of the slot must wait until nobody remembers any record that was there.
  void note_memory(const KeyEntry& key) {
    if (!manifest_.is_slot(key.selector)) return;
    const auto memory = view(key).memory;
    if (memory > key.memory) plan_.changes.emplace_back(NoteMemory{key.selector, memory});
  }

  std::vector<const KeyEntry*> keys(Algorithm algorithm, KeyState state) const {
    std::vector<const KeyEntry*> out;
    for (const auto& key : manifest_.keys) {
      if (key.algorithm == algorithm && key.state == state) out.push_back(&key);
    }
    return out;
  }

  RecordView view(const KeyEntry& key) const {
    const auto found = dns_.find(key.selector);
    return found == dns_.end() ? RecordView{} : found->second;
  }

  void wait_for_time(const KeyEntry& key, std::string reason, UtcTime until) {
    plan_.waiting.push_back({key.selector, std::move(reason), until, Waiting::For::time});
  }
  void wait_for_somebody(const KeyEntry& key, std::string reason) {
    plan_.waiting.push_back({key.selector, std::move(reason), {}, Waiting::For::dns_or_person});
  }

  void add_publication(const KeyEntry& key, Publication::What what) {
    plan_.publications.push_back({key.selector, what});
  }

  bool is_due(const KeyEntry& key) const {
    return now_ >= key.activated.value_or(key.created) + policy_.every;
  }

  bool is_to_be_replaced(const KeyEntry& key) const {
    switch (request_.replace) {
      case RotationRequest::Replace::none:
        return false;
      case RotationRequest::Replace::due_keys:
        return is_due(key);
      case RotationRequest::Replace::all_keys:
        return true;
    }
    return false;
  }

  // A turn begins with a new key for each active one, unless one is on its way already.
  void begin_turn(const KeyEntry& old) {
    if (!is_to_be_replaced(old) || is_replaced(manifest_, old)) return;
    // The turn that this asks for was made already: it remains to revoke the key that retired in it.
    if (is_compromised() && has_retiring_predecessor(manifest_, old)) return;
    const auto slots = slots_of(manifest_, old.algorithm);
    if (!slots.empty()) {
      take_slot(old, slots);
      return;
    }
    const auto selector = next_selector(names_, old.selector, old.algorithm, now_, policy_.selectors);
    if (!selector) {
      wait_for_somebody(old, fmt::format("a successor has no name: {}", selector.refusal().reason));
      return;
    }
    names_.keys.push_back({.selector = *selector});
    plan_.changes.emplace_back(MakeKey{*selector, old.algorithm, old.bits, old.selector});
  }

  // The new key goes into the slot after the old key's that is free, or waits for one.
  void take_slot(const KeyEntry& old, const Selectors& slots) {
    if (const auto slot = free_slot(names_, slots, old.selector)) {
      take(names_, *slot);
      plan_.changes.emplace_back(MakeKey{*slot, old.algorithm, old.bits, old.selector});
      return;
    }
    auto wait = wait_for_slot(manifest_, slots, policy_.drain);
    plan_.waiting.push_back({old.selector,
                             fmt::format("its successor waits for a free slot: {}", wait.reason), wait.until,
                             wait.until ? Waiting::For::time : Waiting::For::dns_or_person});
  }

  bool is_compromised() const { return request_.retiring_keys == RotationRequest::RetiringKeys::compromised; }

  void advance(const KeyEntry& key) {
    if (const auto* newer = overtaken_by(manifest_, key)) {
      wait_for_somebody(key,
                        fmt::format("overtaken by {}; activate or revoke it by hand", newer->selector.str()));
      return;
    }
    const RecordView dns = view(key);
    if (dns.state == State::right) {
      advance_published(key, dns);
      return;
    }
    if (dns.state == State::unknown) {
      // Publishing the same record again does no harm; not saying which record it is would.
      if (dns.so_far != State::right) add_publication(key, Publication::What::record);
      wait_for_somebody(key, fmt::format("not every server of the zone could be asked: {}", dns.detail));
      return;
    }
    if (key.published) plan_.changes.emplace_back(NotePublished{key.selector, {}});
    add_publication(key, Publication::What::record);
    wait_for_somebody(key, fmt::format("its record is not on every server: {}", dns.detail));
  }

  // The record is on every server. Another active key retires only when every resolver can see it.
  void advance_published(const KeyEntry& key, const RecordView& dns) {
    // Nobody can remember another record if it is the first, unless an active key has made receivers ask.
    if (keys(key.algorithm, KeyState::active).empty() && key.use == 1) {
      plan_.changes.emplace_back(Activate{key.selector, {}});
      return;
    }
    // A time in the future was noted before the clock was set back: it proves nothing.
    if (!key.published || *key.published > now_) {
      plan_.changes.emplace_back(NotePublished{key.selector, now_});
      return;
    }
    const UtcTime ready = *key.published + std::max(dns.memory, key.memory);
    if (now_ < ready) {
      plan_.waiting.push_back(
          {key.selector, "every server serves its record; resolvers may still remember that it was not there",
           ready, Waiting::For::dns_or_person});
      return;
    }
    plan_.changes.emplace_back(Activate{key.selector, retired_by(manifest_, key)});
  }

  // Mail is being signed with the key: its record must be in DNS before anything else.
  void look_after_active(const KeyEntry& key) {
    const auto looked_at = dns_.find(key.selector);
    if (looked_at == dns_.end() || looked_at->second.state == State::right) return;
    const RecordView& dns = looked_at->second;
    if (dns.state == State::unknown) {
      if (dns.so_far != State::right) add_publication(key, Publication::What::record);
      wait_for_somebody(
          key, fmt::format("mail is signed with it, but not every server of the zone could be asked: {}",
                           dns.detail));
      return;
    }
    add_publication(key, Publication::What::record);
    wait_for_somebody(
        key, fmt::format("mail is signed with it, but its record is not on every server: {}", dns.detail));
  }

  void look_after_retiring(const KeyEntry& key) {
    const UtcTime drained = key.retired.value_or(now_) + policy_.drain;
    if (is_compromised() || now_ >= drained) {
      plan_.changes.emplace_back(Revoke{key.selector});
    } else {
      wait_for_time(key, "mail signed with it may still be on its way", drained);
    }
  }

  // First an empty record tells the world that the key is void; later the record is removed, or the slot is
  // free.
  void look_after_revoked(const KeyEntry& key) {
    const RecordView dns = view(key);
    if (manifest_.is_slot(key.selector)) {
      free_slot_of(key, dns);
      return;
    }
    const UtcTime forgotten = key.revoked.value_or(now_) + policy_.forget;
    if (dns.state == State::unknown) {
      if (now_ < forgotten && dns.so_far != State::revoked)
        add_publication(key, Publication::What::empty_record);
      wait_for_somebody(
          key, fmt::format("it is revoked, but not every server of the zone could be asked: {}", dns.detail));
    } else if (now_ >= forgotten) {
      plan_removal(key, dns);
    } else if (dns.state == State::revoked || dns.state == State::missing) {
      // A record that is gone already is as void as an empty one.
      wait_for_time(key, "its empty record stays for a while", forgotten);
    } else {
      add_publication(key, Publication::What::empty_record);
      wait_for_somebody(key, fmt::format("its record still holds a key: {}", dns.detail));
    }
  }

  // The empty record stays until the next key takes its place, which waits until no resolver remembers the
  // old one.
  void free_slot_of(const KeyEntry& key, const RecordView& dns) {
    const bool is_empty = dns.state == State::revoked || (dns.state == State::missing && dns.all_answered);
    if (!is_empty) {
      const bool is_unknown = dns.state == State::unknown;
      if (!is_unknown && key.emptied) plan_.changes.emplace_back(NoteEmptied{key.selector, {}});
      if (dns.so_far != State::revoked) add_publication(key, Publication::What::empty_record);
      wait_for_somebody(key, fmt::format("it is revoked, but {}: {}",
                                         is_unknown ? "not every server of the zone could be asked"
                                                    : "its record still holds a key",
                                         dns.detail));
    } else if (!key.emptied || *key.emptied > now_) {
      plan_.changes.emplace_back(NoteEmptied{key.selector, now_});
    } else if (const UtcTime free = *key.emptied + std::max(dns.memory, key.memory); now_ < free) {
      wait_for_time(key, "its slot is empty; resolvers may still remember its key", free);
    } else {
      plan_.changes.emplace_back(Forget{key.selector});
    }
  }

  void plan_removal(const KeyEntry& key, const RecordView& dns) {
    if (dns.state != State::missing) {
      add_publication(key, Publication::What::nothing);
      wait_for_somebody(key, "its record is no longer needed and can be removed");
    } else if (!dns.all_answered) {
      wait_for_somebody(
          key,
          fmt::format("its record seems to be gone, but not every server could be asked: {}", dns.detail));
    } else {
      plan_.changes.emplace_back(Forget{key.selector});
    }
  }

  const crypto::Manifest& manifest_;
  crypto::Manifest names_;  // the selectors of the manifest and of the plan: none may be used twice
  const DnsView& dns_;
  UtcTime now_;
  const RotationPolicy& policy_;
  const RotationRequest& request_;
  RotationPlan plan_;
};

}  // namespace

std::optional<UtcTime> RotationPlan::next_look() const {
  std::optional<UtcTime> earliest;
  for (const auto& entry : waiting) {
    if (entry.until && (!earliest || *entry.until < *earliest)) earliest = entry.until;
  }
  return earliest;
}

RotationPlan plan_rotation(const crypto::Manifest& manifest, const DnsView& dns, UtcTime now,
                           const RotationPolicy& policy, const RotationRequest& request) {
  return Planner(manifest, dns, now, policy, request).plan();
}

}  // namespace dkim::keytool
