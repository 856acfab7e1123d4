#include <fmt/format.h>

#include <algorithm>

#include "keytool/keys/slots.hpp"
#include "keytool/rotation/planner.hpp"

namespace dkim::keytool {

using crypto::UtcTime;
using State = RecordView::State;

namespace {

// A TTL has 31 bits (RFC 2181 §8), and the manifest holds no more.
constexpr std::chrono::seconds longest_memory{0x7fffffff};

// Whether some server that answered shows receivers something that is not empty. What could not be asked
// decides nothing.
bool is_in_use(const RecordView& dns) {
  const bool has_record = dns.state == State::right || (dns.state == State::wrong && !dns.only_void);
  return has_record || dns.alias.state == AliasView::State::wrong;
}

bool is_to_be_emptied(const RecordView& dns) {
  const bool is_gone = dns.all_answered && (dns.state == State::missing || dns.only_void);
  return dns.state != State::revoked && dns.so_far != State::revoked && !is_gone;
}

}  // namespace

// The next key of the slot must wait until nobody remembers any record that was there.
void Planner::note_memory(const KeyEntry& key) {
  if (!manifest_.is_slot(key.selector)) return;
  const auto memory = std::min(view(key).memory, longest_memory);
  if (memory > key.memory) plan_.changes.emplace_back(NoteMemory{key.selector, memory});
}

std::chrono::seconds Planner::memory_of(const KeyEntry& key) const {
  return std::max(std::min(view(key).memory, longest_memory), key.memory);
}

// A compromised key has to go at once: neither mail on its way nor its empty record holds up the next one,
// only what resolvers remember.
SlotTimes Planner::slot_times() const {
  return is_compromised() ? SlotTimes{} : SlotTimes{policy_.drain, policy_.forget};
}

// The new key goes into the slot after the old key's that is free, or waits for one. A slot that was used
// before is looked at once more: somebody may have put its last record back.
void Planner::take_slot(const KeyEntry& old, const Selectors& slots) {
  for (const auto& slot : free_slots(names_, slots, old.selector)) {
    const auto* last = manifest_.find(slot);
    if (last == nullptr || view(*last).is_empty()) {
      take(names_, slot);
      plan_.changes.emplace_back(MakeKey{slot, old.algorithm, old.bits, old.id()});
      return;
    }
  }
  wait_for_a_slot(old, slots);
}

void Planner::wait_for_a_slot(const KeyEntry& old, const Selectors& slots) {
  auto wait = wait_for_slot(manifest_, slots, slot_times());
  for (const auto& slot : free_slots(names_, slots, old.selector)) {
    const auto* last = manifest_.find(slot);
    const auto dns = view(*last);
    if (is_in_use(dns)) plan_.changes.emplace_back(NoteEmptied{slot, {}});
    wait.reason += fmt::format("{}{} was free, but {}", wait.reason.empty() ? "" : "; ", slot.str(),
                               with_alias(is_in_use(dns) ? fmt::format("its record is back: {}", dns.detail)
                                                         : "not every server could be asked",
                                          dns));
  }
  const auto held = slot_holders_text(manifest_, slots, signers_);
  wait.reason += held;
  if (!held.empty() && wait.until && *wait.until <= now_) wait.until.reset();
  const auto* what_helps =
      is_compromised()
          ? "run this again then, or add --wait; sooner: a further slot (dkimkey generate --slots), or "
            "without signatures until then, dkimkey revoke --unsigned"
          : "a further slot would be free at once (dkimkey generate --slots)";
  // A timer comes again anyway; a person has asked for a turn and does not get it now.
  const bool by_timer = request_.replace == RotationRequest::Replace::due_keys && wait.until;
  plan_.waiting.push_back(
      {old.selector, fmt::format("its successor waits for a free slot: {}; {}", wait.reason, what_helps),
       wait.until, by_timer ? Waiting::For::time : Waiting::For::dns_or_person});
  plan_.without_slot.push_back(old.selector);
}

// The empty record stays until the next key takes its place, which waits until no resolver remembers the
// old one.
void Planner::free_slot_of(const KeyEntry& key) {
  RecordView dns = view(key);
  // What the domain's owner does with a name that was given up is not our business.
  if (manifest_.find_slot(key.selector)->closed) dns.alias = {};
  if (!dns.is_empty()) {
    wait_until_empty(key, dns);
    return;
  }
  // A time in the future was noted before the clock was set back: it proves nothing.
  if (!key.emptied || *key.emptied > now_) {
    plan_.changes.emplace_back(NoteEmptied{key.selector, now_});
    return;
  }
  const UtcTime unknown_to_all = *key.emptied + memory_of(key);
  const UtcTime free = std::max(unknown_to_all, key.revoked.value_or(now_) + slot_times().forget);
  if (now_ < unknown_to_all) {
    wait_for_time(key, "its slot is empty; resolvers may still remember its key", free);
  } else if (now_ < free) {
    wait_for_time(key, "its empty record stays for a while", free);
  } else if (has_stopped(key)) {
    release(key, dns);
  }
}

void Planner::wait_until_empty(const KeyEntry& key, const RecordView& dns) {
  if (key.emptied && is_in_use(dns)) plan_.changes.emplace_back(NoteEmptied{key.selector, {}});
  if (is_to_be_emptied(dns)) add_publication(key, Publication::What::empty_record);
  std::string record;
  if (dns.state == State::right || (dns.state == State::wrong && !dns.only_void)) {
    record = fmt::format("its record still holds a key: {}", dns.detail);
  } else if (dns.state == State::unknown || !dns.all_answered) {
    record = fmt::format("not every server of the zone could be asked: {}", dns.detail);
  }
  wait_for_somebody(key, fmt::format("it is revoked, but {}", with_alias(std::move(record), dns)));
}

// The record of a closed slot is removed; in another it waits for the next key.
void Planner::release(const KeyEntry& key, const RecordView& dns) {
  if (manifest_.find_slot(key.selector)->closed) {
    plan_removal(key, dns);
  } else {
    plan_.changes.emplace_back(Forget{key.selector});
  }
}

}  // namespace dkim::keytool
