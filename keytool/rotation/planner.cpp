#include "keytool/rotation/planner.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "keytool/keys/slots.hpp"
#include "keytool/rotation/clock_error.hpp"

namespace dkim::keytool {

using crypto::Algorithm;
using crypto::KeyEntry;
using crypto::KeyState;
using crypto::UtcTime;
using State = RecordView::State;

namespace {

// Whether what is not right could be right on the servers that were not asked.
bool is_undecided(const RecordView& dns) {
  return dns.state == State::unknown ||
         (dns.state == State::right && dns.alias.state == AliasView::State::unknown);
}

// Publishing the same record again does no harm; not saying which record it is would.
bool is_to_be_published(const RecordView& dns) {
  return dns.state != State::right && dns.so_far != State::right;
}

}  // namespace

RotationPlan Planner::plan() {
  if (is_clock_wrong()) return std::move(plan_);
  const auto old = keys_to_replace(manifest_, now_, policy_, request_);
  for (const Algorithm algorithm : crypto::all_algorithms) {
    for (const auto* key : keys(algorithm, KeyState::active)) {
      if (overlap(old, {key->selector})) begin_turn(*key);
    }
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

bool Planner::is_clock_wrong() {
  const auto error = clock_error(manifest_, now_);
  if (!error) return false;
  wait_for_somebody(
      *error->key, fmt::format("the clock shows {}, but the manifest has {} for this key: rotation is paused "
                               "until the clock or the manifest is corrected",
                               crypto::to_string(now_), crypto::to_string(error->time)));
  return true;
}

std::vector<const KeyEntry*> Planner::keys(Algorithm algorithm, KeyState state) const {
  std::vector<const KeyEntry*> out;
  for (const auto& key : manifest_.keys) {
    if (key.algorithm == algorithm && key.state == state) out.push_back(&key);
  }
  return out;
}

RecordView Planner::view(const KeyEntry& key) const {
  const auto found = dns_.find(key.selector);
  return found == dns_.end() ? RecordView{} : found->second;
}

void Planner::wait_for_time(const KeyEntry& key, std::string reason, UtcTime until) {
  plan_.waiting.push_back({key.selector, std::move(reason), until, Waiting::For::time});
}

void Planner::wait_for_somebody(const KeyEntry& key, std::string reason) {
  plan_.waiting.push_back({key.selector, std::move(reason), {}, Waiting::For::dns_or_person});
}

void Planner::add_publication(const KeyEntry& key, Publication::What what) {
  plan_.publications.push_back({key.selector, what});
}

// A turn begins with a new key for each active one, unless one is on its way already.
void Planner::begin_turn(const KeyEntry& old) {
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
  plan_.changes.emplace_back(MakeKey{*selector, old.algorithm, old.bits, old.id()});
}

void Planner::advance(const KeyEntry& key) {
  if (const auto* newer = overtaken_by(manifest_, key)) {
    wait_for_somebody(key,
                      fmt::format("overtaken by {}; activate or revoke it by hand", newer->selector.str()));
    return;
  }
  const RecordView dns = view(key);
  if (dns.is_right()) {
    advance_published(key, dns);
    return;
  }
  if (key.published && !is_undecided(dns)) plan_.changes.emplace_back(NotePublished{key.selector, {}});
  if (is_to_be_published(dns)) add_publication(key, Publication::What::record);
  wait_for_somebody(key, what_is_wrong(dns));
}

// The record is on every server. Another active key retires only when every resolver can see it.
void Planner::advance_published(const KeyEntry& key, const RecordView& dns) {
  // Nobody can remember another record if it is the first, unless an active key has made receivers ask.
  if (keys(key.algorithm, KeyState::active).empty() && key.use == 1) {
    if (is_held_by_all(key)) plan_.changes.emplace_back(Activate{key.selector, {}});
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
  if (is_held_by_all(key)) plan_.changes.emplace_back(Activate{key.selector, retired_by(manifest_, key)});
}

// Mail is being signed with the key: its record must be in DNS before anything else.
void Planner::look_after_active(const KeyEntry& key) {
  const auto looked_at = dns_.find(key.selector);
  if (looked_at == dns_.end() || looked_at->second.is_right()) return;
  const RecordView& dns = looked_at->second;
  if (is_to_be_published(dns)) add_publication(key, Publication::What::record);
  wait_for_somebody(key, fmt::format("mail is signed with it, but {}", what_is_wrong(dns)));
}

void Planner::look_after_retiring(const KeyEntry& key) {
  if (is_compromised()) {
    plan_.changes.emplace_back(Revoke{key.selector});
  } else if (!has_stopped(key)) {
    look_after_stop(key);
  } else if (now_ >= drained(key)) {
    plan_.changes.emplace_back(Revoke{key.selector});
  } else {
    wait_for_time(key, "mail signed with it may still be on its way", drained(key));
  }
}

// First an empty record tells the world that the key is void; later the record is removed, or the slot is
// free.
void Planner::look_after_revoked(const KeyEntry& key) {
  if (!has_stopped(key)) look_after_stop(key);
  if (manifest_.is_slot(key.selector)) {
    free_slot_of(key);
    return;
  }
  const RecordView dns = view(key);
  const UtcTime forgotten = key.revoked.value_or(now_) + policy_.forget;
  if (dns.state == State::unknown) {
    if (now_ < forgotten && dns.so_far != State::revoked)
      add_publication(key, Publication::What::empty_record);
    wait_for_somebody(
        key, fmt::format("it is revoked, but not every server of the zone could be asked: {}", dns.detail));
  } else if (now_ >= forgotten && has_stopped(key)) {
    plan_removal(key, dns);
  } else if (dns.state == State::revoked || dns.state == State::missing) {
    // A record that is gone already is as void as an empty one.
    if (now_ < forgotten) wait_for_time(key, "its empty record stays for a while", forgotten);
  } else {
    add_publication(key, Publication::What::empty_record);
    wait_for_somebody(key, fmt::format("its record still holds a key: {}", dns.detail));
  }
}

void Planner::plan_removal(const KeyEntry& key, const RecordView& dns) {
  if (dns.state != State::missing) {
    add_publication(key, Publication::What::nothing);
    wait_for_somebody(key, "its record is no longer needed and can be removed");
  } else if (!dns.all_answered) {
    wait_for_somebody(
        key, fmt::format("its record seems to be gone, but not every server could be asked: {}", dns.detail));
  } else {
    plan_.changes.emplace_back(Forget{key.selector});
  }
}

}  // namespace dkim::keytool
