#include "keytool/rotation/turn.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/error.hpp"
#include "crypto/store/published_record.hpp"
#include "keytool/keys/stored_keys.hpp"
#include "keytool/rotation/change_text.hpp"
#include "keytool/rotation/publisher.hpp"
#include "keytool/rotation/signer_wait.hpp"

namespace dkim::keytool {
namespace {

// Each round changes the manifest or DNS; a cycle has fewer steps than this.
constexpr int most_rounds = 16;

RecordAction action_of(const Publication& publication) {
  return publication.what == Publication::What::nothing ? RecordAction::remove : RecordAction::set;
}

class TurnRunner {
 public:
  TurnRunner(crypto::StoreOfRecord& store, const canon::DomainName& domain, const TurnOptions& options,
             const Clock& now)
      : store_(store),
        domain_(domain),
        options_(options),
        policy_(options.policy),
        now_(now),
        observer_(options.dns),
        request_(options.request),
        tried_(options.published) {
    policy_.selectors.most_bytes = longest_selector(domain);
  }

  TurnReport run() && {
    for (int round = 0; round < most_rounds; ++round) {
      const auto manifest = require_manifest(store_, domain_);
      if (round == 0) limit_request(manifest);
      // A run that was killed after its change leaves nothing to write, but perhaps a key to destroy.
      if (round == 0 && !options_.dry_run) store_.tidy_up(domain_, manifest);
      // The time after the look: a record counts as published from when it was seen.
      const DnsView dns = look(manifest);
      const auto plan = plan_rotation(manifest, dns, store_.signers(domain_), now_(), policy_, request_);
      report_.manifest = manifest;
      report_.dns = dns;
      if (options_.dry_run) {
        describe_dry_run(plan, manifest);
        return std::move(report_);
      }
      if (carry_out(plan, manifest) == Next::nothing) return std::move(report_);
    }
    report_.failures.emplace_back("DNS or another dkimkey keeps changing the situation: run it again");
    return std::move(report_);
  }

 private:
  enum class Next { another_look, nothing };

  Next carry_out(const RotationPlan& plan, const crypto::Manifest& manifest) {
    if (!plan.changes.empty()) {
      make_changes(plan, manifest);
      if (is_ending(plan)) wait_for_agents(store_, domain_, now_);
      return Next::another_look;
    }
    if (publish_all(plan, manifest) == Next::another_look) return Next::another_look;
    if (names_machines_that_may_follow(plan)) {
      wait_for_agents(store_, domain_, now_);
      has_revoked_ = false;
      return Next::another_look;
    }
    report_.waiting = plan.waiting;
    report_.next_look = plan.next_look();
    report_.without_slot = plan.without_slot;
    return Next::nothing;
  }

  // Whether the next round revokes a key that machines still sign with.
  bool is_ending(const RotationPlan& plan) const {
    return request_.retiring_keys == RotationRequest::RetiringKeys::compromised &&
           std::any_of(plan.changes.begin(), plan.changes.end(), [](const Change& change) {
             const auto* activate = std::get_if<Activate>(&change);
             return activate != nullptr && !activate->retire.empty();
           });
  }

  // A machine that has the change in a moment must not be named as one that signs with a void key.
  bool names_machines_that_may_follow(const RotationPlan& plan) const {
    return has_revoked_ && std::any_of(plan.waiting.begin(), plan.waiting.end(), [](const Waiting& entry) {
             return entry.what == Waiting::For::signers;
           });
  }

  // A key that becomes active in this run, by it or by another one, does not begin another turn; nor does one
  // whose predecessor this run revokes as compromised.
  void limit_request(const crypto::Manifest& manifest) {
    if (!request_.only.empty()) return;
    Selectors only;
    for (const auto& key : manifest.keys) {
      if (key.state != crypto::KeyState::active) continue;
      const bool is_done = request_.retiring_keys == RotationRequest::RetiringKeys::compromised &&
                           has_retiring_predecessor(manifest, key);
      (is_done ? kept_ : only).push_back(key.selector);
    }
    if (only.empty()) request_.replace = RotationRequest::Replace::none;
    request_.only = std::move(only);
  }

  // Whether the cycle depends on what DNS shows of this key. When a timer goes through a large store, active
  // keys are left to dkimkey check.
  bool is_of_interest(const crypto::KeyEntry& key, const crypto::Manifest& manifest) const {
    const auto* slot = manifest.find_slot(key.selector);
    switch (key.state) {
      case crypto::KeyState::pending:
        return true;
      case crypto::KeyState::active:
        return options_.look_at_active;
      case crypto::KeyState::retiring:
        // For how long resolvers remember it can be seen only while it is there.
        return slot != nullptr;
      case crypto::KeyState::revoked:
        if (!key.forgotten) return true;
        return slot != nullptr && !slot->closed && needs_a_slot(manifest, slot->algorithm);
    }
    return false;
  }

  bool needs_a_slot(const crypto::Manifest& manifest, crypto::Algorithm algorithm) const {
    const auto old = keys_to_replace(manifest, now_(), policy_, request_);
    return std::any_of(old.begin(), old.end(), [&](const canon::Selector& selector) {
      return manifest.find(selector)->algorithm == algorithm;
    });
  }

  // Looks at the record of each key of interest; asks nobody if there is none.
  DnsView look(const crypto::Manifest& manifest) {
    DnsView view;
    for (const auto& key : manifest.keys) {
      if (!is_of_interest(key, manifest)) continue;
      const auto place = place_of(manifest, key.selector, domain_);
      const auto expected = store_.record_of(domain_, key, manifest.record);
      view.emplace(key.selector, summarize(place, observer_.look(place, expected)));
    }
    return view;
  }

  // Makes all changes of the plan in one write, unless another dkimkey was faster and the manifest is no
  // longer the one that the plan was made from.
  void make_changes(const RotationPlan& plan, const crypto::Manifest& planned_from) {
    // Keys are made before the lock is taken: a large one takes its time.
    const auto new_keys = make_keys(plan);
    const auto transaction = store_.change(domain_);
    auto& manifest = transaction->manifest();
    if (!(manifest == planned_from)) return;
    const auto time = now_();
    for (const auto& [make, key] : new_keys)
      add(*transaction, make, key, time);
    for (const auto& change : plan.changes) {
      apply_change(change, manifest, time);
      if (const auto* revoke = std::get_if<Revoke>(&change))
        transaction->rewrite_record(*manifest.find(revoke->selector));
    }
    transaction->commit();
    for (const auto& change : plan.changes) {
      if (auto text = text_of(change, planned_from)) report_.events.push_back(*std::move(text));
      if (const auto* revoke = std::get_if<Revoke>(&change)) {
        has_revoked_ = true;
        explain_revocation(*revoke, planned_from);
      }
    }
  }

  // A person who means the key that signs must not take this for the end of it.
  void explain_revocation(const Revoke& revoke, const crypto::Manifest& manifest) {
    const auto revoked = manifest.find(revoke.selector)->id();
    for (const auto& kept : kept_) {
      if (!manifest.succeeds(*manifest.find(kept), revoked)) continue;
      report_.events.push_back(fmt::format(
          "kept {}, which signs in the place of {}; if it is {} that is compromised, run this once more",
          kept.str(), revoke.selector.str(), kept.str()));
    }
  }

  static std::vector<std::pair<MakeKey, crypto::PrivateKey>> make_keys(const RotationPlan& plan) {
    std::vector<std::pair<MakeKey, crypto::PrivateKey>> keys;
    for (const auto& change : plan.changes) {
      if (const auto* make = std::get_if<MakeKey>(&change)) {
        keys.emplace_back(*make, crypto::PrivateKey::generate(make->algorithm, make->bits));
      }
    }
    return keys;
  }

  static void add(crypto::DomainChange& transaction, const MakeKey& make, const crypto::PrivateKey& key,
                  crypto::UtcTime time) {
    transaction.add_key({.selector = make.selector,
                         .algorithm = make.algorithm,
                         .bits = key.bits(),
                         .created = time,
                         .replaces = {make.replaces}},
                        key);
  }

  // A record to remove has a name and no value.
  crypto::NamedRecord record_of(const Publication& publication, const crypto::Manifest& manifest) const {
    if (action_of(publication) == RecordAction::remove)
      return {publication_name(manifest, publication.selector, domain_), crypto::default_ttl, ""};
    return published_record(manifest, publication.selector, domain_,
                            store_.record_of(domain_, *manifest.find(publication.selector), manifest.record));
  }

  // Another look is worth it if DNS was changed, or the manifest by another dkimkey: a slow hook leaves time
  // for one.
  Next publish_all(const RotationPlan& plan, const crypto::Manifest& manifest) {
    Next next = Next::nothing;
    report_.hand_work.clear();
    for (const auto& publication : plan.publications) {
      const auto record = record_of(publication, manifest);
      // Once in a run: a server that lags shows the old record for a while.
      if (tried_.contains({publication.selector, publication.what})) continue;
      const auto current = store_.read_manifest(domain_);
      if (!current || !(*current == manifest)) return Next::another_look;
      if (try_to_publish(publication, record) == PublishOutcome::done) next = Next::another_look;
    }
    return next;
  }

  PublishOutcome try_to_publish(const Publication& publication, const crypto::NamedRecord& record) {
    const auto action = action_of(publication);
    auto outcome = PublishOutcome::left_to_a_person;
    try {
      outcome = publish(options_.publish, options_.dns, action, record);
    } catch (const crypto::Error& error) {
      report_.failures.push_back(fmt::format("{}: {}", record.name, error.what()));
      tried_.emplace(publication.selector, publication.what);
      return outcome;
    }
    if (outcome == PublishOutcome::left_to_a_person) {
      report_.hand_work.push_back({publication.what, record});
      return outcome;
    }
    report_.events.push_back(action == RecordAction::remove
                                 ? fmt::format("removed the record {} from DNS", record.name)
                                 : fmt::format("put the record {} into DNS", record.name));
    report_.published.emplace(publication.selector, publication.what);
    tried_.emplace(publication.selector, publication.what);
    return outcome;
  }

  void describe_dry_run(const RotationPlan& plan, const crypto::Manifest& manifest) {
    for (const auto& change : plan.changes) {
      if (auto text = planned_text_of(change, manifest)) report_.events.push_back(*std::move(text));
    }
    report_.waiting = plan.waiting;
    report_.next_look = plan.next_look();
    for (const auto& publication : plan.publications)
      report_.hand_work.push_back({publication.what, record_of(publication, manifest)});
  }

  crypto::StoreOfRecord& store_;
  const canon::DomainName& domain_;
  const TurnOptions& options_;
  RotationPolicy policy_;
  const Clock& now_;
  Observer observer_;
  RotationRequest request_;
  Selectors kept_;  // keys that signed when the run began, and that it does not replace
  TurnReport report_;
  PublishedSet tried_;
  bool has_revoked_ = false;  // and has not waited for agents since
};

}  // namespace

bool TurnReport::waits_for_somebody() const {
  return std::any_of(waiting.begin(), waiting.end(),
                     [](const Waiting& entry) { return entry.what != Waiting::For::time; });
}

RotationPolicy policy_of(const crypto::KeySettings& settings) {
  return {settings.every, settings.drain, settings.forget, {.pattern = settings.selector}};
}

TurnReport run_turn(crypto::StoreOfRecord& store, const canon::DomainName& domain, const TurnOptions& options,
                    const Clock& now) {
  return TurnRunner(store, domain, options, now).run();
}

}  // namespace dkim::keytool
