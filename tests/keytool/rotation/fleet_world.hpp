// A model of a fleet that signs for one domain: a database with the domain's state, machines with copies of
// it, and a dkimkey that follows the planner on any of them. Machines are cut off from the database and go on
// signing until their lease ends, refuse the domain, are said to have left, come back, join, and are killed
// between the steps of a contact. The planner's rules are the real ones. What DNS serves changes at once:
// servers that lag are the matter of slot_world.hpp.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "crypto/store/slot_use.hpp"
#include "keytool/keys/slots.hpp"
#include "tests/keytool/rotation/rotation_fixture.hpp"

namespace dkim::keytool::rotation_test {

using std::chrono::seconds;

class FleetWorld {
 public:
  // A message is delivered or given up within this time, as in Postfix.
  static constexpr days queue_lifetime{5};

  FleetWorld(unsigned seed, int machines, int slots) : random_(seed), lease_(days(2 + seed % 29)) {
    for (int n = 1; n <= slots; ++n)
      state_.slots.push_back({selector("s" + std::to_string(n)), Algorithm::rsa});
    state_.keys.push_back(key(slots > 0 ? "s1" : "a", KeyState::active));
    // A domain that one machine had before, in the middle of a turn.
    if (slots == 0) state_.keys.push_back(key("r", KeyState::retiring));
    for (const auto& entry : state_.keys)
      served_[entry.selector.str()] = id_of(entry);
    for (int n = 0; n < machines; ++n) {
      auto& machine = machines_["mx" + std::to_string(n)];
      machine.copy = state_;
      machine.lease_end = now_ + lease_;
      machine.row.lease_end = machine.lease_end;
      machine.row.applied = sequence_;
      machine.row.last_seen = now_;
    }
  }

  // Lets time pass, and runs dkimkey.
  void step(seconds time, const RotationRequest& request) {
    sign_mail();
    now_ += time;
    sign_mail();
    for (auto& [host, machine] : machines_)
      live(machine);
    run_dkimkey(request);
    sign_mail();
  }

  int turns() const { return turns_; }
  int emptied() const { return emptied_; }
  // How often a machine that had left was signing still when dkimkey ran.
  int signed_after_leaving() const { return signed_after_leaving_; }

 private:
  // What the database knows of a machine.
  struct Row {
    int applied = 0;
    std::optional<UtcTime> last_seen;
    std::optional<UtcTime> lease_end;
    bool left = false;
    bool refused = false;
  };
  struct Machine {
    Manifest copy;
    UtcTime lease_end;
    bool is_cut_off = false;
    bool refuses = false;
    bool is_whole = true;
    Row row;
  };

  unsigned random(unsigned below) {
    random_ = random_ * 1664525 + 1013904223;
    return (random_ >> 16) % below;
  }
  bool chance(unsigned one_in) { return random(one_in) == 0; }

  static std::string id_of(const KeyEntry& entry) {
    return entry.selector.str() + "+" + std::to_string(entry.use);
  }
  bool may_sign(const Machine& machine) const { return now_ < machine.lease_end; }

  void live(Machine& machine) {
    if (chance(machine.is_cut_off ? 30 : 60)) machine.is_cut_off = !machine.is_cut_off;
    if (chance(machine.refuses ? 5 : 200)) machine.refuses = !machine.refuses;
    // A person says this of a machine that does not answer, now and then wrongly.
    if (!machine.row.left && chance(machine.is_cut_off ? 8 : 2000)) machine.row.left = true;
    if (!machine.is_cut_off && !chance(20)) contact(machine);
  }

  // One pass of an agent, which is killed now and then.
  void contact(Machine& machine) {
    auto& row = machine.row;
    const auto begun = now_;
    if (row.left) {
      // It joins again. Its old lease is not forgotten, and it gets no other before it has a whole copy once
      // more: the keys that it has may be void.
      const auto lease_end = row.lease_end;
      row = {};
      row.lease_end = lease_end;
      machine.is_whole = false;
    }
    row.last_seen = now_;
    if (machine.refuses) {
      row.refused = true;
    } else {
      if (chance(50)) return;
      machine.copy = state_;
      machine.is_whole = true;
      row.refused = false;
    }
    if (!machine.is_whole || chance(50)) return;
    row.lease_end = begun + lease_;
    if (chance(50)) return;
    machine.lease_end = begun + lease_;
    row.applied = sequence_;
  }

  // As keytool/fleet/fleet_store tells it: by the rows alone.
  crypto::SignerView view_of_signers() const {
    crypto::SignerView out{true, {}};
    for (const auto& [host, machine] : machines_) {
      const auto& row = machine.row;
      const bool is_behind = row.applied < changed_ || row.refused;
      if (!is_behind || (row.left && (!row.lease_end || *row.lease_end <= now_))) continue;
      out.behind.push_back(
          {host, row.last_seen, row.lease_end, row.left, row.refused ? "it does not open" : ""});
    }
    return out;
  }

  void sign_mail() {
    for (const auto& [host, machine] : machines_) {
      if (!may_sign(machine)) continue;
      for (const auto& entry : machine.copy.keys) {
        if (entry.state != KeyState::active) continue;
        signed_[id_of(entry)] = now_;
        if (machine.row.left) ++signed_after_leaving_;
        ASSERT_TRUE(sacrificed_.contains(id_of(entry)) || served_[entry.selector.str()] == id_of(entry))
            << host << " signs with " << id_of(entry) << ", which is not in DNS";
      }
    }
  }

  DnsView look_at_all() {
    DnsView out;
    for (const auto& entry : state_.keys) {
      const auto& what = served_[entry.selector.str()];
      auto state = State::wrong;
      if (what.empty()) state = State::missing;
      if (what == "void") state = State::revoked;
      if (entry.state != KeyState::revoked && what == id_of(entry)) state = State::right;
      out[entry.selector] = chance(40) ? so_far(state) : view(state, std::chrono::minutes(random(90)));
    }
    return out;
  }

  // As keytool/rotation/turn does; it may be killed after any change.
  void run_dkimkey(RotationRequest request) {
    for (const auto& entry : state_.keys) {
      if (entry.state == KeyState::active) request.only.push_back(entry.selector);
    }
    for (int round = 0; round < 16; ++round) {
      const auto plan = plan_rotation(state_, look_at_all(), view_of_signers(), now_, policy_, request);
      ASSERT_NO_FATAL_FAILURE(make_changes(plan, request));
      if (chance(50)) return;
      if (plan.changes.empty()) {
        for (const auto& publication : plan.publications)
          ASSERT_NO_FATAL_FAILURE(publish(publication));
        if (plan.publications.empty()) return;
      }
      // Agents are woken by the change, or are not.
      for (auto& [host, machine] : machines_) {
        if (!machine.is_cut_off && chance(2)) contact(machine);
      }
      ASSERT_NO_FATAL_FAILURE(sign_mail());
    }
  }

  void make_changes(const RotationPlan& plan, const RotationRequest& request) {
    if (plan.changes.empty()) return;
    for (const auto& change : plan.changes) {
      if (const auto* make = std::get_if<MakeKey>(&change)) {
        KeyEntry entry{
            .selector = make->selector, .bits = 2048, .created = now_, .replaces = {make->replaces}};
        crypto::take_again(state_, entry);
        state_.keys.push_back(entry);
      }
    }
    for (const auto& change : plan.changes) {
      if (const auto* activate = std::get_if<Activate>(&change)) {
        ++turns_;
        ASSERT_NO_FATAL_FAILURE(expect_that_all_hold(activate->selector, request));
      }
      if (const auto* revoke = std::get_if<Revoke>(&change);
          revoke != nullptr && request.retiring_keys == RetiringKeys::compromised)
        sacrificed_.insert(id_of(*state_.find(revoke->selector)));
      apply_change(change, state_, now_);
    }
    changed_ = ++sequence_;
  }

  void expect_that_all_hold(const canon::Selector& name, const RotationRequest& request) {
    if (request.retiring_keys == RetiringKeys::compromised) return;
    for (const auto& [host, machine] : machines_) {
      const auto* held = machine.copy.find(name);
      ASSERT_TRUE(machine.row.left || (held != nullptr && held->use == state_.find(name)->use))
          << host << " lacks " << name.str() << ", which becomes active";
    }
  }

  // The promise: what is in DNS is not taken away while a machine may sign with it, or mail may be on its
  // way.
  void publish(const Publication& publication) {
    const auto& name = publication.selector.str();
    const auto next = publication.what == Publication::What::record
                          ? id_of(*state_.find(publication.selector))
                      : publication.what == Publication::What::empty_record ? std::string("void")
                                                                            : std::string();
    const auto last = served_[name];
    if (last == next) return;
    const bool is_key = !last.empty() && last != "void";
    if (is_key) ++emptied_;
    if (is_key && !sacrificed_.contains(last)) {
      ASSERT_NO_FATAL_FAILURE(expect_that_nobody_signs_with(last));
      ASSERT_TRUE(!signed_.contains(last) || now_ >= signed_[last] + queue_lifetime)
          << "the record of " << last << " goes while mail may be on its way";
    }
    // Not even a key that is compromised: the next one in its slot would be blamed for its mail.
    if (publication.what != Publication::What::empty_record) {
      for (const auto& [id, when] : signed_) {
        if (id != next && id.starts_with(name + "+")) {
          ASSERT_NO_FATAL_FAILURE(expect_that_nobody_signs_with(id));
        }
      }
    }
    served_[name] = next;
  }

  void expect_that_nobody_signs_with(const std::string& id) {
    for (const auto& [host, machine] : machines_) {
      for (const auto& entry : machine.copy.keys)
        ASSERT_FALSE(may_sign(machine) && entry.state == KeyState::active && id_of(entry) == id)
            << host << " may sign with " << id << ", whose record changes";
    }
  }

  unsigned random_;
  UtcTime now_ = noon;
  days lease_;
  RotationPolicy policy_{.every = days(20), .drain = days(7), .forget = days(3)};
  // The database's.
  Manifest state_;
  int sequence_ = 1;
  int changed_ = 1;
  std::map<std::string, Machine> machines_;
  std::map<std::string, std::string> served_;  // by selector: a key, "void", or nothing
  std::map<std::string, UtcTime> signed_;      // when each key signed last
  std::set<std::string> sacrificed_;           // compromised keys, whose mail is given up
  int turns_ = 0;
  int emptied_ = 0;
  int signed_after_leaving_ = 0;
};

}  // namespace dkim::keytool::rotation_test
