#include "keytool/notify/concern.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "canon/labels.hpp"
#include "crypto/store/published_record.hpp"

namespace dkim::keytool {
namespace {

using crypto::KeyEntry;
using crypto::KeyState;
using Method = crypto::PublishSettings::Method;

// "2026-11-24"
std::string date_text(crypto::UtcTime time) {
  return crypto::to_string(time).substr(0, 10);
}

ConcernKind kind_of(Publication::What what) {
  switch (what) {
    case Publication::What::record:
      return ConcernKind::publish;
    case Publication::What::empty_record:
      return ConcernKind::empty;
    case Publication::What::nothing:
      return ConcernKind::remove;
  }
  return ConcernKind::stuck;
}

// Collects the concerns of one report.
class Collector {
 public:
  Collector(const canon::DomainName& domain, const TurnReport& report, Method method)
      : domain_(domain), report_(report), is_by_hand_(method == Method::manual) {}

  std::vector<Concern> collect() && {
    for (const auto& key : report_.manifest.keys)
      add_concern_of(key);
    if (!unassigned_.empty() && concerns_.empty()) add_unassigned();
    return std::move(concerns_);
  }

 private:
  void add_concern_of(const KeyEntry& key) {
    add_machines_of(key);
    const auto name = publication_name(report_.manifest, key.selector, domain_);
    const auto* waiting = waiting_of(key);
    const auto* work = is_by_hand_ ? work_of(name) : nullptr;
    if (work != nullptr) {
      concerns_.push_back(work_concern(key, *work, waiting));
      return;
    }
    const auto failure = failure_of(name);
    if (failure.empty() && (waiting == nullptr || waiting->until)) return;
    concerns_.push_back({.id = {domain_.str(), key.selector.str(), ConcernKind::stuck},
                         .what = failure.empty() ? waiting->reason : failure,
                         .otherwise = otherwise_stuck(key)});
  }

  void add_machines_of(const KeyEntry& key) {
    for (const auto& entry : report_.waiting) {
      if (entry.selector != key.selector || entry.what != Waiting::For::signers) continue;
      concerns_.push_back({.id = {domain_.str(), key.selector.str(), ConcernKind::held_up},
                           .what = entry.reason,
                           .otherwise = otherwise_held_up(key)});
    }
  }

  void add_unassigned() {
    concerns_.push_back({.id = {domain_.str(), {}, ConcernKind::unhandled},
                         .what = unassigned_,
                         .otherwise = "Its keys are not replaced until then."});
  }

  const Waiting* waiting_of(const KeyEntry& key) const {
    const auto found =
        std::find_if(report_.waiting.begin(), report_.waiting.end(), [&](const Waiting& entry) {
          return entry.selector == key.selector && entry.what == Waiting::For::dns_or_person;
        });
    return found == report_.waiting.end() ? nullptr : &*found;
  }

  const HandWork* work_of(const std::string& name) const {
    const auto found = std::find_if(report_.hand_work.begin(), report_.hand_work.end(),
                                    [&](const HandWork& work) { return work.record.name == name; });
    return found == report_.hand_work.end() ? nullptr : &*found;
  }

  // A publication that failed begins with the name of its record.
  std::string failure_of(const std::string& name) {
    for (const auto& failure : report_.failures) {
      if (failure.starts_with(name + ": ")) return failure;
      unassigned_ = failure;
    }
    return {};
  }

  Concern work_concern(const KeyEntry& key, const HandWork& work, const Waiting* waiting) const {
    const auto view = report_.dns.find(key.selector);
    const bool is_seen = view != report_.dns.end() && view->second.state != RecordView::State::unknown;
    std::string zone = view == report_.dns.end() ? "" : view->second.zone;
    // A CNAME of a person's may lead out of the zone in which the record is to be.
    if (zone != work.record.name && !canon::is_below(work.record.name, zone)) zone.clear();
    return {.id = {domain_.str(), key.selector.str(), kind_of(work.what)},
            .certainty = is_seen ? Certainty::certain : Certainty::may_pass,
            .what = waiting == nullptr ? "" : waiting->reason,
            .record = work.record,
            .zone = std::move(zone),
            .otherwise = otherwise(key, work.what)};
  }

  std::string otherwise(const KeyEntry& key, Publication::What what) const {
    switch (what) {
      case Publication::What::record:
        return otherwise_unpublished(key);
      case Publication::What::empty_record:
        return fmt::format(
            "Until then receivers accept what is signed with this key, although it is void: its private key "
            "was destroyed{}.{}",
            key.revoked ? fmt::format(" on {}", date_text(*key.revoked)) : "",
            report_.manifest.is_slot(key.selector) ? " Its slot stays taken until then." : "");
      case Publication::What::nothing:
        return "No mail depends on it: the record is only no longer of use.";
    }
    return {};
  }

  // What signs mail while a new record is not there.
  std::string otherwise_unpublished(const KeyEntry& key) const {
    if (key.state == KeyState::active)
      return "Mail is signed with this key now, and receivers cannot verify that until the record is there.";
    const auto& keys = report_.manifest.keys;
    const auto signs = [&](const KeyEntry& other) { return other.state == KeyState::active; };
    const auto signs_alike = [&](const KeyEntry& other) {
      return signs(other) && other.algorithm == key.algorithm;
    };
    if (const auto old = std::find_if(keys.begin(), keys.end(), signs_alike); old != keys.end()) {
      return fmt::format(
          "No mail is lost if it takes longer: mail is signed with the key {} until every server of the zone "
          "serves this record, and that key is not replaced until then.",
          old->selector.str());
    }
    if (std::any_of(keys.begin(), keys.end(), signs))
      return fmt::format("Until then mail has no {} signature.", signature_name(key.algorithm));
    return fmt::format("Until then mail from {} is not signed.", domain_.str());
  }

  static std::string otherwise_stuck(const KeyEntry& key) {
    return fmt::format("The key stays {} until then.", to_string(key.state));
  }

  static std::string otherwise_held_up(const KeyEntry& key) {
    if (key.state == KeyState::revoked)
      return "Mail that such a machine signs with the key fails, and its record or its slot stays taken.";
    return fmt::format("The key stays {} until then, and mail is signed as before.", to_string(key.state));
  }

  const canon::DomainName& domain_;
  const TurnReport& report_;
  bool is_by_hand_;
  std::string unassigned_;  // a failure that is not about one record
  std::vector<Concern> concerns_;
};

}  // namespace

std::vector<Concern> concerns_of(const canon::DomainName& domain, const TurnReport& report, Method method) {
  return Collector(domain, report, method).collect();
}

Concern concern_of_failure(const canon::DomainName& domain, const std::string& what) {
  return {.id = {domain.str(), {}, ConcernKind::unhandled},
          .what = what,
          .otherwise = "Its keys are not replaced until then."};
}

}  // namespace dkim::keytool
