#include "keytool/rotation/rotation.hpp"

#include <algorithm>
#include <array>

#include "keytool/keys/next_selector.hpp"

namespace dkim::keytool {
namespace {

using crypto::Algorithm;
using crypto::KeyEntry;
using crypto::KeyState;
using crypto::UtcTime;
using State = RecordView::State;

constexpr std::array algorithms = {Algorithm::rsa, Algorithm::ed25519};

// One call's worth of work: the arguments, and the plan as it grows.
class Planner {
 public:
  Planner(const crypto::Manifest& manifest, const DnsView& dns, UtcTime now, const RotationPolicy& policy,
          const RotationRequest& request)
      : manifest_(manifest), names_(manifest), dns_(dns), now_(now), policy_(policy), request_(request) {}

  RotationPlan plan() {
    if (is_clock_wrong()) return std::move(plan_);
    for (const Algorithm algorithm : algorithms) {
      for (const auto* key : keys(algorithm, KeyState::active))
        begin_turn(*key);
    }
    // What mail is signed with comes first.
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
  // A clock that ran years ahead, or that runs years behind, as one without a battery does: whatever would be
  // noted or reckoned by it is wrong. Half a day is what a person sets it by.
  bool is_clock_wrong() {
    constexpr std::chrono::days tolerance{1};
    for (const auto& key : manifest_.keys) {
      for (const auto& time :
           {std::optional(key.created), key.activated, key.retired, key.revoked, key.forgotten}) {
        if (!time || *time <= now_ + tolerance) continue;
        wait(key,
             "the clock shows " + crypto::to_string(now_) + ", but the manifest has " +
                 crypto::to_string(*time) +
                 " for this key: nothing is done until the wrong one of the two is set right",
             {}, true);
        return true;
      }
    }
    return false;
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

  void wait(const KeyEntry& key, std::string reason, std::optional<UtcTime> until, bool for_somebody) {
    plan_.waiting.push_back({key.selector, std::move(reason), until, for_somebody});
  }

  // Is a key on its way that would replace this one?
  bool is_replaced(const KeyEntry& active) const {
    const auto pending = keys(active.algorithm, KeyState::pending);
    return std::any_of(pending.begin(), pending.end(), [&](const KeyEntry* key) {
      if (overtaken_by(manifest_, *key) != nullptr) return false;
      const auto retired = retired_by(manifest_, *key);
      return std::find(retired.begin(), retired.end(), active.selector) != retired.end();
    });
  }

  bool has_retiring_predecessor(const KeyEntry& active) const {
    return std::any_of(manifest_.keys.begin(), manifest_.keys.end(), [&](const KeyEntry& key) {
      return key.state == KeyState::retiring && manifest_.stands_for(active, key.selector);
    });
  }

  bool is_due(const KeyEntry& key) const {
    return now_ >= key.activated.value_or(key.created) + policy_.every;
  }

  // A turn begins with a new key for each active one, unless one is on its way already.
  void begin_turn(const KeyEntry& old) {
    if (request_.turn == RotationRequest::Turn::none || is_replaced(old)) return;
    // The turn that this asks for was made already: what is left is to revoke the key that retired in it.
    if (request_.compromised && has_retiring_predecessor(old)) return;
    if (request_.turn == RotationRequest::Turn::if_due && !is_due(old)) return;
    auto selector = next_selector(names_, old.selector, now_);
    names_.keys.push_back({.selector = selector});
    plan_.changes.emplace_back(MakeKey{std::move(selector), old.algorithm, old.bits, old.selector});
  }

  void advance(const KeyEntry& key) {
    if (const auto* newer = overtaken_by(manifest_, key)) {
      wait(key, "overtaken by " + newer->selector.str() + "; activate or revoke it by hand", {}, true);
      return;
    }
    const RecordView dns = view(key);
    if (dns.state == State::unknown) {
      // To put the same record there again does no harm; not to say which it is would.
      if (dns.so_far != State::right) plan_.publications.push_back({key.selector, Publication::What::record});
      wait(key, "not every server of the zone could be asked: " + dns.detail, {}, true);
      return;
    }
    if (dns.state != State::right) {
      if (key.published) plan_.changes.emplace_back(NotePublished{key.selector, {}});
      plan_.publications.push_back({key.selector, Publication::What::record});
      wait(key, "its record is not on every server: " + dns.detail, {}, true);
      return;
    }
    if (keys(key.algorithm, KeyState::active).empty()) {
      plan_.changes.emplace_back(Activate{key.selector, {}});
      return;
    }
    // A time in the future is from before the clock was set back: it proves nothing.
    if (!key.published || *key.published > now_) {
      plan_.changes.emplace_back(NotePublished{key.selector, now_});
      return;
    }
    const UtcTime ready = *key.published + dns.memory;
    if (now_ < ready) {
      wait(key, "every server serves its record; resolvers may still remember that it was not there", ready,
           true);
      return;
    }
    plan_.changes.emplace_back(Activate{key.selector, retired_by(manifest_, key)});
  }

  // Mail is being signed with it: its record belongs into DNS before anything else.
  void look_after_active(const KeyEntry& key) {
    const auto looked_at = dns_.find(key.selector);
    if (looked_at == dns_.end() || looked_at->second.state == State::right) return;
    const RecordView& dns = looked_at->second;
    if (dns.state == State::unknown) {
      if (dns.so_far != State::right) plan_.publications.push_back({key.selector, Publication::What::record});
      wait(key, "mail is signed with it, but not every server of the zone could be asked: " + dns.detail, {},
           true);
      return;
    }
    plan_.publications.push_back({key.selector, Publication::What::record});
    wait(key, "mail is signed with it, but its record is not on every server: " + dns.detail, {}, true);
  }

  void look_after_retiring(const KeyEntry& key) {
    const UtcTime drained = key.retired.value_or(now_) + policy_.drain;
    if (request_.compromised || now_ >= drained) {
      plan_.changes.emplace_back(Revoke{key.selector});
    } else {
      wait(key, "mail signed with it may still be on its way", drained, false);
    }
  }

  // First its empty record tells the world that the key is void, then the record goes.
  void look_after_revoked(const KeyEntry& key) {
    const RecordView dns = view(key);
    const UtcTime forgotten = key.revoked.value_or(now_) + policy_.forget;
    if (dns.state == State::unknown) {
      if (now_ < forgotten && dns.so_far != State::revoked)
        plan_.publications.push_back({key.selector, Publication::What::empty_record});
      wait(key, "it is revoked, but not every server of the zone could be asked: " + dns.detail, {}, true);
      return;
    }
    if (now_ >= forgotten) {
      if (dns.state == State::missing && !dns.all_answered) {
        wait(key, "its record seems to be gone, but not every server could be asked: " + dns.detail, {},
             true);
      } else if (dns.state == State::missing) {
        plan_.changes.emplace_back(Forget{key.selector});
      } else {
        plan_.publications.push_back({key.selector, Publication::What::nothing});
        wait(key, "its record has done its service and can go", {}, true);
      }
      return;
    }
    // A record that is gone already is as void as an empty one.
    if (dns.state == State::revoked || dns.state == State::missing) {
      wait(key, "its empty record stays a while", forgotten, false);
    } else {
      plan_.publications.push_back({key.selector, Publication::What::empty_record});
      wait(key, "its record still holds a key: " + dns.detail, {}, true);
    }
  }

  const crypto::Manifest& manifest_;
  crypto::Manifest names_;  // the manifest's keys and those that the plan makes: none comes twice
  const DnsView& dns_;
  UtcTime now_;
  const RotationPolicy& policy_;
  const RotationRequest& request_;
  RotationPlan plan_;
};

KeyEntry& entry_of(crypto::Manifest& manifest, const canon::Selector& selector) {
  return *std::find_if(manifest.keys.begin(), manifest.keys.end(),
                       [&](const KeyEntry& key) { return key.selector == selector; });
}

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

std::vector<canon::Selector> retired_by(const crypto::Manifest& manifest, const KeyEntry& pending) {
  std::vector<canon::Selector> out;
  for (const auto& key : manifest.keys) {
    if (key.state != KeyState::active || key.algorithm != pending.algorithm) continue;
    const auto& replaces = pending.replaces;
    if (replaces.empty() || std::any_of(replaces.begin(), replaces.end(), [&](const auto& selector) {
          return manifest.stands_for(key, selector);
        })) {
      out.push_back(key.selector);
    }
  }
  return out;
}

const KeyEntry* overtaken_by(const crypto::Manifest& manifest, const KeyEntry& pending) {
  const auto own = retired_by(manifest, pending);
  for (auto newer = manifest.keys.rbegin(); newer->selector != pending.selector; ++newer) {
    if (newer->algorithm != pending.algorithm) continue;
    std::vector<canon::Selector> others;
    if (newer->state == KeyState::active) {
      others.push_back(newer->selector);
    } else if (newer->state == KeyState::pending) {
      others = retired_by(manifest, *newer);
      if (own.empty() && others.empty()) return &*newer;
    }
    if (std::find_first_of(own.begin(), own.end(), others.begin(), others.end()) != own.end()) return &*newer;
  }
  return nullptr;
}

void apply_change(const Change& change, crypto::Manifest& manifest, UtcTime now) {
  if (const auto* note = std::get_if<NotePublished>(&change)) {
    entry_of(manifest, note->selector).published = note->since;
  } else if (const auto* activate = std::get_if<Activate>(&change)) {
    auto& key = entry_of(manifest, activate->selector);
    key.state = KeyState::active;
    key.activated = now;
    for (const auto& selector : activate->retire) {
      auto& old = entry_of(manifest, selector);
      old.state = KeyState::retiring;
      old.retired = now;
      if (std::find(key.replaces.begin(), key.replaces.end(), selector) == key.replaces.end())
        key.replaces.push_back(selector);
    }
  } else if (const auto* revoke = std::get_if<Revoke>(&change)) {
    auto& key = entry_of(manifest, revoke->selector);
    key.state = KeyState::revoked;
    key.revoked = now;
  } else if (const auto* forget = std::get_if<Forget>(&change)) {
    entry_of(manifest, forget->selector).forgotten = now;
  }
}

}  // namespace dkim::keytool
