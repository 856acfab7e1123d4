// Makes one plan of keytool/rotation/rotation: holds the arguments, and the plan as it grows. planner.cpp has
// the cycle, planner_slots.cpp what is different in a slot, planner_signers.cpp what a fleet's machines hold
// up. Nothing fails.
#pragma once

#include <string>
#include <vector>

#include "keytool/keys/slot_holders.hpp"
#include "keytool/keys/slots.hpp"
#include "keytool/rotation/rotation.hpp"

namespace dkim::keytool {

class Planner {
 public:
  // Refers to its arguments, which must outlive it.
  Planner(const crypto::Manifest& manifest, const DnsView& dns, const crypto::SignerView& signers,
          crypto::UtcTime now, const RotationPolicy& policy, const RotationRequest& request)
      : manifest_(manifest),
        names_(manifest),
        dns_(dns),
        signers_(signers),
        now_(now),
        policy_(policy),
        request_(request) {}

  // Call it once.
  RotationPlan plan();

 private:
  using KeyEntry = crypto::KeyEntry;

  bool is_clock_wrong();
  bool is_compromised() const { return request_.retiring_keys == RotationRequest::RetiringKeys::compromised; }
  std::vector<const KeyEntry*> keys(crypto::Algorithm algorithm, crypto::KeyState state) const;
  RecordView view(const KeyEntry& key) const;
  void wait_for_time(const KeyEntry& key, std::string reason, crypto::UtcTime until);
  void wait_for_somebody(const KeyEntry& key, std::string reason);
  void add_publication(const KeyEntry& key, Publication::What what);

  void begin_turn(const KeyEntry& old);
  void advance(const KeyEntry& key);
  void advance_published(const KeyEntry& key, const RecordView& dns);
  void look_after_active(const KeyEntry& key);
  void look_after_retiring(const KeyEntry& key);
  void look_after_revoked(const KeyEntry& key);
  void plan_removal(const KeyEntry& key, const RecordView& dns);

  bool is_held_by_all(const KeyEntry& key);
  bool has_stopped(const KeyEntry& key) const { return keytool::has_stopped(key, signers_); }
  void look_after_stop(const KeyEntry& key);
  crypto::UtcTime drained(const KeyEntry& key) const;

  void note_memory(const KeyEntry& key);
  void take_slot(const KeyEntry& old, const Selectors& slots);
  void wait_for_a_slot(const KeyEntry& old, const Selectors& slots);
  void free_slot_of(const KeyEntry& key);
  void wait_until_empty(const KeyEntry& key, const RecordView& dns);
  void release(const KeyEntry& key, const RecordView& dns);
  std::chrono::seconds memory_of(const KeyEntry& key) const;
  SlotTimes slot_times() const;

  const crypto::Manifest& manifest_;
  crypto::Manifest names_;  // the selectors of the manifest and of the plan: none may be used twice
  const DnsView& dns_;
  const crypto::SignerView& signers_;
  crypto::UtcTime now_;
  const RotationPolicy& policy_;
  const RotationRequest& request_;
  RotationPlan plan_;
};

}  // namespace dkim::keytool
