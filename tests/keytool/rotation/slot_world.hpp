// A model of a domain on slots: two servers of its owner's zone with the CNAMEs, two servers of ours with the
// records, resolvers that remember, mail on its way, and a dkimkey that follows the planner. Servers lag and
// are silent, publications get lost, the owner makes mistakes, our clock is set back. The planner's rules are
// the real ones, and so is what a look makes of the servers' answers.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>

#include "keytool/dns/observation.hpp"
#include "keytool/keys/slots.hpp"
#include "tests/crypto/test_store.hpp"
#include "tests/keytool/rotation/rotation_fixture.hpp"
#include "tests/keytool/rotation/slot_keeper.hpp"

namespace dkim::keytool::rotation_test {

using std::chrono::seconds;

class SlotWorld {
 public:
  // A message is delivered or given up within this time, as in Postfix.
  static constexpr days queue_lifetime{5};

  SlotWorld(unsigned seed, int slots, int places, SlotKeeper& keeper) : random_(seed), keeper_(keeper) {
    const auto change = keeper_.change();
    for (int n = 1; n <= slots; ++n) {
      change->manifest().slots.push_back(
          {selector("s" + std::to_string(n)), Algorithm::rsa, "t" + std::to_string(n)});
    }
    for (int n = 1; n <= places; ++n) {
      const auto name = "s" + std::to_string(n);
      change->add_key(key(name, KeyState::active), test::other_rsa_key());
      ids_[name] = ++last_id_;
      for (auto& server : ours_)
        server[name] = {{last_id_, 1h}, {last_id_, 1h}, now_};
    }
    commit(*change);
    note_what_is_served();
  }

  // Lets time pass, and runs dkimkey.
  void step(seconds time, const RotationRequest& request) {
    note_what_is_served();
    now_ += time;
    let_servers_catch_up();
    note_what_is_served();
    move_clock_back();
    owner_acts();
    sign_mail();
    ASSERT_NO_FATAL_FAILURE(expect_mail_verifies());
    ASSERT_NO_FATAL_FAILURE(run_dkimkey(request));
    sign_mail();
    ASSERT_NO_FATAL_FAILURE(expect_that_something_signs());
  }

  int turns() const { return turns_; }
  int moves() const { return moves_; }

 private:
  static constexpr int nothing = -1;
  static constexpr int empty = 0;

  struct Value {
    int what = nothing;
    seconds ttl = 1h;
  };
  // What a server has, and what it will have.
  struct Served {
    Value now;
    Value next;
    UtcTime from;
  };
  enum class Way { right, missing, elsewhere, copy };  // copy: a TXT record with the key that was there
  struct Alias {
    Way way = Way::right;
    Value copied = {};
    seconds ttl = 1h;
  };
  struct ServedAlias {
    Alias now;
    Alias next;
    UtcTime from;
  };

  unsigned random(unsigned below) {
    random_ = random_ * 1664525 + 1013904223;
    return (random_ >> 16) % below;
  }
  bool chance(unsigned one_in) { return random(one_in) == 0; }
  seconds some_ttl() {
    constexpr seconds ttls[] = {5min, 1h, 24h};
    return ttls[random(3)];
  }
  UtcTime clock() const { return now_ - behind_; }

  void let_servers_catch_up() {
    for (auto& server : ours_) {
      for (auto& [name, served] : server) {
        if (now_ >= served.from) served.now = served.next;
      }
    }
    for (auto& server : owners_) {
      for (auto& [name, served] : server) {
        if (now_ >= served.from) served.now = served.next;
      }
    }
  }

  // A clock that is set forward is beyond what anybody can notice; one that is set back is not.
  void move_clock_back() {
    if (chance(300) && behind_ < 20h) behind_ += seconds(random(3 * 3600));
  }

  // The owner of the domain breaks a CNAME now and then, and puts it right hours or days later.
  void owner_acts() {
    for (const auto& slot : manifest_.slots) {
      const auto& name = slot.selector.str();
      const bool is_right = owners_[0][name].next.way == Way::right;
      if (!chance(is_right ? 400 : 20)) continue;
      Alias next{is_right ? static_cast<Way>(1 + random(3)) : Way::right, {}, some_ttl()};
      if (next.way == Way::copy) next.copied = {ours_[0][name].now.what, some_ttl()};
      for (auto& server : owners_)
        server[name] = {server[name].now, next, now_ + std::chrono::minutes(random(600))};
    }
  }

  // Any resolver may have asked any server at any time.
  void note_what_is_served() {
    const auto note = [&](auto& seen, const std::string& name, int value, seconds ttl) {
      auto& until = seen[name][value];
      until = std::max(until, now_ + ttl);
    };
    for (const auto& server : ours_) {
      for (const auto& [name, served] : server)
        note(remembered_, name, served.now.what, served.now.what == nothing ? negative_ttl : served.now.ttl);
    }
    for (auto& server : owners_) {
      for (const auto& slot : manifest_.slots) {
        const auto& alias = server[slot.selector.str()].now;
        if (alias.way == Way::copy)
          note(remembered_, slot.selector.str(), alias.copied.what, alias.copied.ttl);
      }
    }
  }

  void sign_mail() {
    for (const auto& entry : manifest_.keys) {
      if (entry.state == KeyState::active) signed_[entry.selector.str()][ids_[entry.selector.str()]] = now_;
    }
  }

  bool is_on_its_way(UtcTime signed_at) const { return now_ < signed_at + queue_lifetime; }

  // Whatever resolvers remember for a message on its way is the key that signed it, if the owner has not
  // broken the way to it and nobody has called the key compromised.
  void expect_mail_verifies() {
    for (const auto& [name, ids] : signed_) {
      for (const auto& [id, signed_at] : ids) {
        if (!is_on_its_way(signed_at) || sacrificed_.contains(id) || is_broken(name)) continue;
        for (const auto& [value, until] : remembered_[name])
          ASSERT_TRUE(value == id || until <= now_)
              << name << " may be remembered as " << value << " although " << id << " has signed";
      }
    }
  }

  bool is_broken(const std::string& name) {
    for (auto& server : owners_) {
      if (server[name].now.way != Way::right) broken_at_[name] = now_;
    }
    // Records that the owner has copied may be remembered for a day.
    return broken_at_.contains(name) && now_ < broken_at_[name] + days(2) + queue_lifetime;
  }

  void expect_that_something_signs() {
    ASSERT_TRUE(std::any_of(manifest_.keys.begin(), manifest_.keys.end(),
                            [](const KeyEntry& entry) { return entry.state == KeyState::active; }));
  }

  // What a server is asked for may not be answered.
  RecordView look(const KeyEntry& entry) {
    const auto& name = entry.selector.str();
    const auto* slot = manifest_.find_slot(entry.selector);
    const RecordPlace place{name, slot == nullptr ? "" : slot->target};
    KeyObservation observation;
    for (auto& server : ours_) {
      const auto& served = server[name].now;
      observation.record.servers.push_back(
          {.server = "ns" + std::to_string(observation.record.servers.size()), .address = "192.0.2.1"});
      if (chance(40)) continue;
      auto status = RecordStatus::other_key;
      if (served.what == nothing) status = RecordStatus::missing;
      if (served.what == empty) status = RecordStatus::revoked;
      if (entry.state != KeyState::revoked && served.what == ids_[name]) status = RecordStatus::right;
      observation.record.servers.back().finding = RecordFinding{status};
      observation.record.memory = std::max<unsigned>(
          observation.record.memory,
          static_cast<unsigned>((served.what == nothing ? negative_ttl : served.ttl).count()));
    }
    observation.record.memory =
        std::max(observation.record.memory, static_cast<unsigned>(negative_ttl.count()));
    if (slot != nullptr) observation.alias = look_at_alias(name);
    return summarize(place, observation);
  }

  AliasObservation look_at_alias(const std::string& name) {
    AliasObservation observation{.servers = {}, .trouble = {}, .zone = "shop.example."};
    for (auto& server : owners_) {
      const auto& alias = server[name].now;
      observation.servers.push_back(
          {.server = "owner" + std::to_string(observation.servers.size()), .address = "192.0.2.2"});
      if (chance(40)) continue;
      constexpr AliasStatus statuses[] = {AliasStatus::right, AliasStatus::missing, AliasStatus::elsewhere,
                                          AliasStatus::text};
      observation.servers.back().finding = AliasFinding{statuses[static_cast<int>(alias.way)]};
      observation.memory = std::max({observation.memory, static_cast<unsigned>(alias.ttl.count()),
                                     static_cast<unsigned>(alias.copied.ttl.count())});
    }
    return observation;
  }

  DnsView look_at_all() {
    DnsView out;
    for (const auto& entry : manifest_.keys) {
      if (entry.state != KeyState::active || chance(3)) out[entry.selector] = look(entry);
    }
    return out;
  }

  // As keytool/rotation/turn does; it may be killed after any change and between publications.
  void run_dkimkey(RotationRequest request) {
    for (const auto& entry : manifest_.keys) {
      if (entry.state == KeyState::active) request.only.push_back(entry.selector);
    }
    if (chance(700)) {
      ASSERT_NO_FATAL_FAILURE(move());
    }
    for (int round = 0; round < 16; ++round) {
      const auto plan = plan_rotation(manifest_, look_at_all(), {}, clock(), policy_, request);
      ASSERT_NO_FATAL_FAILURE(make_changes(plan, request));
      if (chance(50)) return;
      if (!plan.changes.empty()) continue;
      for (const auto& publication : plan.publications) {
        ASSERT_NO_FATAL_FAILURE(publish(publication));
        if (chance(50)) return;
      }
      return;
    }
  }

  void make_changes(const RotationPlan& plan, const RotationRequest& request) {
    if (plan.changes.empty()) return;
    const auto all = keeper_.change();
    ASSERT_EQ(all->manifest(), manifest_);
    for (const auto& change : plan.changes) {
      if (const auto* make = std::get_if<MakeKey>(&change)) {
        ASSERT_NO_FATAL_FAILURE(add_key(*all, make->selector, {make->replaces}));
      }
    }
    for (const auto& change : plan.changes) {
      apply_change(change, all->manifest(), clock());
      if (std::holds_alternative<Activate>(change)) ++turns_;
      const auto* revoke = std::get_if<Revoke>(&change);
      if (revoke == nullptr) continue;
      all->rewrite_record(*all->manifest().find(revoke->selector));
      if (request.retiring_keys == RetiringKeys::compromised)
        sacrificed_.insert(ids_[revoke->selector.str()]);
    }
    commit(*all);
  }

  void add_key(crypto::DomainChange& change, const canon::Selector& name,
               std::vector<crypto::KeyId> replaces) {
    if (const auto* last = manifest_.find(name)) {
      ASSERT_TRUE(manifest_.is_slot(name) && last->forgotten);
    }
    change.add_key({.selector = name, .bits = 2048, .created = clock(), .replaces = std::move(replaces)},
                   test::other_rsa_key());
    ids_[name.str()] = ++last_id_;
  }

  void commit(crypto::DomainChange& change) {
    change.commit();
    manifest_ = keeper_.read();
  }

  // A person moves the domain to ordinary selectors, or back to its slots, as dkimkey generate does.
  void move() {
    const bool leaves = !slots_of(manifest_, Algorithm::rsa).empty();
    const auto free = slots_that_are_free();
    if (!leaves && free.empty()) return;
    const auto change = keeper_.change();
    for (auto& slot : change->manifest().slots)
      slot.closed = leaves;
    ++moves_;
    const auto name = leaves ? selector("x" + std::to_string(last_id_)) : free.front();
    ASSERT_NO_FATAL_FAILURE(add_key(*change, name, {}));
    commit(*change);
  }

  std::vector<canon::Selector> slots_that_are_free() const {
    std::vector<canon::Selector> out;
    for (const auto& slot : manifest_.slots) {
      const auto* last = manifest_.find(slot.selector);
      if (last == nullptr || last->forgotten) out.push_back(slot.selector);
    }
    return out;
  }

  void publish(const Publication& publication) {
    const auto& name = publication.selector.str();
    Value value{nothing, some_ttl()};
    if (publication.what == Publication::What::empty_record) value.what = empty;
    if (publication.what == Publication::What::record) {
      value.what = ids_[name];
      ASSERT_NO_FATAL_FAILURE(expect_that_nobody_needs_another(name, value.what));
    }
    if (chance(4)) return;
    for (auto& server : ours_)
      server[name] = {server[name].now, value, now_ + std::chrono::minutes(random(600))};
  }

  // The promise.
  void expect_that_nobody_needs_another(const std::string& name, int id) {
    for (const auto& [value, until] : remembered_[name])
      ASSERT_TRUE(value == id || value <= empty || until <= now_)
          << name << " gets " << id << ", and " << value << " may still be remembered";
    for (const auto& [other, signed_at] : signed_[name])
      ASSERT_TRUE(other == id || sacrificed_.contains(other) || !is_on_its_way(signed_at))
          << name << " gets " << id << ", and mail signed with " << other << " is on its way";
  }

  static constexpr seconds negative_ttl = 1h;

  unsigned random_;
  UtcTime now_ = noon;
  seconds behind_{0};  // our clock, behind the true time
  RotationPolicy policy_{.every = days(20), .drain = days(7), .forget = days(3)};
  SlotKeeper& keeper_;
  Manifest manifest_;  // as the keeper has it
  int last_id_ = 0;
  int turns_ = 0;
  int moves_ = 0;
  std::map<std::string, int> ids_;  // of the key that each selector has now
  std::map<std::string, Served> ours_[2];
  std::map<std::string, ServedAlias> owners_[2];
  // Until when a resolver may remember each value that a name was seen to have.
  std::map<std::string, std::map<int, UtcTime>> remembered_;
  std::map<std::string, std::map<int, UtcTime>> signed_;  // when each key signed last
  std::map<std::string, UtcTime> broken_at_;
  std::set<int> sacrificed_;  // compromised keys, whose mail on its way is given up
};

}  // namespace dkim::keytool::rotation_test
