#include "keytool/rotation.hpp"

#include <algorithm>
#include <array>

#include "canon/text.hpp"

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
      : manifest_(manifest), dns_(dns), now_(now), policy_(policy), request_(request) {}

  RotationPlan plan() {
    for (const Algorithm algorithm : algorithms) {
      begin_turn(algorithm);
      advance_pending(algorithm);
    }
    for (const auto& key : manifest_.keys) {
      if (key.state == KeyState::active) look_after_active(key);
      if (key.state == KeyState::retiring) look_after_retiring(key);
      if (key.state == KeyState::revoked && !key.forgotten) look_after_revoked(key);
    }
    return std::move(plan_);
  }

 private:
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

  bool is_due(const KeyEntry& key) const {
    return now_ >= key.activated.value_or(key.created) + policy_.every;
  }

  // A turn begins with a new key, unless one is on its way already.
  void begin_turn(Algorithm algorithm) {
    const auto active = keys(algorithm, KeyState::active);
    if (active.empty() || !keys(algorithm, KeyState::pending).empty()) return;
    const bool due = std::any_of(active.begin(), active.end(), [&](const auto* key) { return is_due(*key); });
    if (request_.turn == RotationRequest::Turn::none) return;
    if (request_.turn == RotationRequest::Turn::if_due && !due) return;
    const KeyEntry& old = *active.back();
    plan_.changes.emplace_back(MakeKey{next_selector(manifest_, old.selector, now_), algorithm, old.bits});
  }

  // The newest pending key is the one that is to become active; older ones were overtaken.
  void advance_pending(Algorithm algorithm) {
    const auto pending = keys(algorithm, KeyState::pending);
    for (const auto* key : pending) {
      if (key != pending.back()) {
        wait(*key, "overtaken by " + pending.back()->selector.str() + "; activate or revoke it by hand", {},
             true);
      }
    }
    if (!pending.empty()) advance(*pending.back(), keys(algorithm, KeyState::active));
  }

  void advance(const KeyEntry& key, const std::vector<const KeyEntry*>& active) {
    const RecordView dns = view(key);
    if (dns.state == State::unknown) {
      wait(key, "not every server of the zone could be asked: " + dns.detail, {}, true);
      return;
    }
    if (dns.state != State::right) {
      if (key.published) plan_.changes.emplace_back(NotePublished{key.selector, {}});
      plan_.publications.push_back({key.selector, Publication::What::record});
      wait(key, "its record is not on every server: " + dns.detail, {}, true);
      return;
    }
    if (active.empty()) {
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
    Activate change{key.selector, {}};
    for (const auto* old : active)
      change.retire.push_back(old->selector);
    plan_.changes.emplace_back(std::move(change));
  }

  // Mail is being signed with it: its record belongs into DNS before anything else.
  void look_after_active(const KeyEntry& key) {
    const RecordView dns = view(key);
    if (dns.state == State::right || dns.state == State::unknown) return;
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
    if (dns.state == State::unknown) return;
    const UtcTime forgotten = key.revoked.value_or(now_) + policy_.forget;
    if (now_ >= forgotten) {
      if (dns.state == State::missing) {
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
  const DnsView& dns_;
  UtcTime now_;
  const RotationPolicy& policy_;
  const RotationRequest& request_;
  RotationPlan plan_;
};

// "-20261124b": a date of ours at a selector's end.
std::string_view without_date(std::string_view selector) {
  std::string_view stem = selector;
  while (!stem.empty() && canon::is_alpha(stem.back()))
    stem.remove_suffix(1);
  constexpr std::size_t date = 8;
  if (stem.size() < date + 2) return selector;
  const std::string_view digits = stem.substr(stem.size() - date);
  if (!std::all_of(digits.begin(), digits.end(), canon::is_digit) || stem[stem.size() - date - 1] != '-') {
    return selector;
  }
  return stem.substr(0, stem.size() - date - 1);
}

// "", "b" ... "z", "bb", "bc" ...: the n-th key of a day.
std::string day_suffix(std::size_t n) {
  std::string suffix;
  for (; n > 0; n = (n - 1) / 25)
    suffix.insert(suffix.begin(), static_cast<char>('b' + (n - 1) % 25));
  return suffix;
}

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

canon::Selector next_selector(const crypto::Manifest& manifest, const canon::Selector& old, UtcTime now) {
  const std::string today = crypto::to_string(now);  // 2026-11-24T...
  const std::string date = today.substr(0, 4) + today.substr(5, 2) + today.substr(8, 2);
  std::string stem(without_date(old.str()));
  // A label has 63 octets; the date and a letter or two must fit into the last one.
  const std::size_t last_label = stem.rfind('.') == std::string::npos ? 0 : stem.rfind('.') + 1;
  stem.resize(std::min(stem.size(), last_label + 50));
  while (stem.ends_with('-'))
    stem.pop_back();
  for (std::size_t n = 0;; ++n) {
    auto selector = canon::Selector::parse(stem + "-" + date + day_suffix(n));
    if (selector && manifest.find(*selector) == nullptr) return *std::move(selector);
    if (!selector) stem = "key";  // a stem at the limit of a whole name
  }
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
