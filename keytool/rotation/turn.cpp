#include "keytool/rotation/turn.hpp"

#include <algorithm>
#include <set>

#include "crypto/error.hpp"
#include "crypto/keys/key_record.hpp"
#include "crypto/store/domain_transaction.hpp"
#include "keytool/keys/key_report.hpp"
#include "keytool/rotation/publisher.hpp"

namespace dkim::keytool {
namespace {

using crypto::record_name;

// Each round changes the manifest or DNS; a cycle has fewer steps than this.
constexpr int most_rounds = 16;

std::string describe(const Change& change, const crypto::Manifest& manifest) {
  if (const auto* make = std::get_if<MakeKey>(&change)) {
    return "made " + make->selector.str() + " (" + kind_text(make->algorithm, make->bits) + "), pending";
  }
  if (const auto* note = std::get_if<NotePublished>(&change)) {
    return note->since ? "saw the record of " + note->selector.str() + " on every server"
                       : "no longer sees the record of " + note->selector.str() + " on every server";
  }
  if (const auto* activate = std::get_if<Activate>(&change)) {
    std::string text = "activated " + activate->selector.str() + ": mail is signed with it from now on";
    for (const auto& old : activate->retire)
      text += "; " + old.str() + " retires";
    return text;
  }
  if (const auto* revoke = std::get_if<Revoke>(&change)) {
    return "revoked " + revoke->selector.str() + " and destroyed its private key";
  }
  const auto& forget = std::get<Forget>(change);
  static_cast<void>(manifest);
  return "the record of " + forget.selector.str() + " is out of DNS; nothing is left to do for this key";
}

class Turn {
 public:
  Turn(const crypto::KeyStore& store, const canon::DomainName& domain, const TurnOptions& options,
       const Clock& now)
      : store_(store),
        domain_(domain),
        options_(options),
        now_(now),
        observer_(options.dns),
        tried_(options.published) {}

  TurnReport run() {
    auto request = options_.request;
    for (int round = 0; round < most_rounds; ++round) {
      const auto read = store_.read_manifest(domain_);
      if (!read) throw crypto::StoreError("there are no keys for " + domain_.str());
      if (round == 0 && !options_.dry_run) tidy_up(read->manifest);
      // The time after the look: a record counts as published from when it was seen.
      const DnsView dns = look(read->manifest);
      const auto plan = plan_rotation(read->manifest, dns, now_(), options_.policy, request);
      report_.manifest = read->manifest;
      if (options_.dry_run) {
        describe_dry(plan, read->manifest);
        return std::move(report_);
      }
      if (!plan.changes.empty()) {
        // Another dkimkey was faster: what it made is looked at anew.
        if (!carry_out(plan, read->manifest)) continue;
        // The turn has begun; a key that became active just now does not begin another.
        request.turn = RotationRequest::Turn::none;
        continue;
      }
      if (publish_all(plan, read->manifest)) continue;
      report_.waiting = plan.waiting;
      report_.next_look = plan.next_look();
      return std::move(report_);
    }
    report_.failures.emplace_back("what DNS shows, or another dkimkey, changes all the while: run it again");
    return std::move(report_);
  }

 private:
  // A run that was killed after its change was made leaves nothing to write, but perhaps a key to destroy.
  void tidy_up(const crypto::Manifest& manifest) {
    if (crypto::needs_tidying(store_, domain_, manifest))
      const crypto::DomainTransaction tidying(store_, domain_);
  }

  // Does the cycle have a question to DNS about this key? Where a timer asks for all of a large store, active
  // keys are not looked at: that is check's work.
  bool is_of_interest(const crypto::KeyEntry& key) const {
    switch (key.state) {
      case crypto::KeyState::pending:
        return true;
      case crypto::KeyState::active:
        return options_.look_at_active;
      case crypto::KeyState::retiring:
        return false;
      default:
        return !key.forgotten;
    }
  }

  // What DNS shows of each key that matters; the network is left alone where none does.
  DnsView look(const crypto::Manifest& manifest) {
    DnsView view;
    for (const auto& key : manifest.keys) {
      if (!is_of_interest(key)) continue;
      view.emplace(key.selector, summarize(observer_.look(record_name(key.selector, domain_),
                                                          store_.record_of(domain_, key, manifest.record))));
    }
    return view;
  }

  // All changes of the plan in one write. False if the manifest is no longer the one it was made from.
  bool carry_out(const RotationPlan& plan, const crypto::Manifest& planned_from) {
    // Keys are made before the lock is taken: a large one takes its time.
    std::vector<std::pair<MakeKey, crypto::PrivateKey>> new_keys;
    for (const auto& change : plan.changes) {
      if (const auto* make = std::get_if<MakeKey>(&change)) {
        new_keys.emplace_back(*make, crypto::PrivateKey::generate(make->algorithm, make->bits));
      }
    }
    crypto::DomainTransaction transaction(store_, domain_);
    if (!(transaction.manifest() == planned_from)) return false;
    const auto time = now_();
    for (const auto& [make, key] : new_keys)
      add(transaction, make, key, time);
    for (const auto& change : plan.changes) {
      apply_change(change, transaction.manifest(), time);
      if (const auto* revoke = std::get_if<Revoke>(&change))
        transaction.rewrite_record(*transaction.manifest().find(revoke->selector));
    }
    transaction.commit();
    for (const auto& change : plan.changes)
      report_.events.push_back(describe(change, planned_from));
    return true;
  }

  void add(crypto::DomainTransaction& transaction, const MakeKey& make, const crypto::PrivateKey& key,
           crypto::UtcTime time) {
    transaction.add_key({.selector = make.selector,
                         .algorithm = make.algorithm,
                         .bits = key.bits(),
                         .created = time,
                         .replaces = {make.replaces}},
                        key);
  }

  // A record that is to be removed has a name and no value.
  crypto::NamedRecord record_for(const Publication& publication, const crypto::Manifest& manifest) const {
    if (publication.what == Publication::What::nothing)
      return {record_name(publication.selector, domain_), crypto::default_ttl, ""};
    return named_record(publication.selector, domain_,
                        store_.record_of(domain_, *manifest.find(publication.selector), manifest.record));
  }

  // True if DNS was changed, so that another look is worth it.
  bool publish_all(const RotationPlan& plan, const crypto::Manifest& manifest) {
    bool changed = false;
    report_.hand_work.clear();
    for (const auto& publication : plan.publications) {
      // Once in a run: a server that lags shows the old record for a while yet.
      const bool remove = publication.what == Publication::What::nothing;
      const auto record = record_for(publication, manifest);
      if (tried_.contains({publication.selector, publication.what})) continue;
      // A slow hook leaves time for another dkimkey: what it changed is looked at anew.
      const auto current = store_.read_manifest(domain_);
      if (!current || !(current->manifest == manifest)) return true;
      try {
        if (publish(options_.publish, options_.dns, remove ? RecordAction::remove : RecordAction::set,
                    record)) {
          report_.events.push_back((remove ? "took the record " : "put the record ") + record.name +
                                   (remove ? " out of DNS" : " into DNS"));
          report_.published.emplace(publication.selector, publication.what);
          changed = true;
        } else {
          report_.hand_work.push_back({publication.what, record});
          continue;
        }
      } catch (const crypto::Error& error) {
        report_.failures.push_back(record.name + ": " + error.what());
      }
      tried_.emplace(publication.selector, publication.what);
    }
    return changed;
  }

  void describe_dry(const RotationPlan& plan, const crypto::Manifest& manifest) {
    for (const auto& change : plan.changes)
      report_.events.push_back("would have " + describe(change, manifest));
    report_.waiting = plan.waiting;
    report_.next_look = plan.next_look();
    for (const auto& publication : plan.publications) {
      report_.hand_work.push_back({publication.what, record_for(publication, manifest)});
    }
  }

  const crypto::KeyStore& store_;
  const canon::DomainName& domain_;
  const TurnOptions& options_;
  const Clock& now_;
  Observer observer_;
  TurnReport report_;
  PublishedSet tried_;
};

}  // namespace

bool TurnReport::waits_for_somebody() const {
  return std::any_of(waiting.begin(), waiting.end(), [](const Waiting& entry) { return entry.for_somebody; });
}

RotationPolicy policy_of(const crypto::KeySettings& settings) {
  return {settings.every, settings.drain, settings.forget};
}

TurnReport run_turn(const crypto::KeyStore& store, const canon::DomainName& domain,
                    const TurnOptions& options, const Clock& now) {
  return Turn(store, domain, options, now).run();
}

}  // namespace dkim::keytool
