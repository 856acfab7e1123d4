#include "milter/metrics/key_metrics.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace dkim::milter {
namespace {

using crypto::Algorithm;
using crypto::KeyEntry;
using crypto::KeyState;
using Label = prometheus::ClientMetric::Label;

class Gauges {
 public:
  Gauges(const std::string& name, std::string help)
      : family_{"dkimsignd_" + name, std::move(help), prometheus::MetricType::Gauge, {}} {}

  void add(std::vector<Label> labels, double value) {
    prometheus::ClientMetric metric;
    metric.label = std::move(labels);
    metric.gauge.value = value;
    family_.metric.push_back(std::move(metric));
  }

  void move_to(std::vector<prometheus::MetricFamily>& out) {
    if (!family_.metric.empty()) out.push_back(std::move(family_));
  }

 private:
  prometheus::MetricFamily family_;
};

double unix_time(crypto::UtcTime time) {
  return static_cast<double>(time.time_since_epoch().count());
}

std::vector<const KeyEntry*> keys_shown(const crypto::Manifest& manifest) {
  std::vector<const KeyEntry*> out;
  for (auto key = manifest.keys.rbegin(); key != manifest.keys.rend() && out.size() < most_keys_shown;
       ++key) {
    if (key->state != KeyState::revoked) out.push_back(&*key);
  }
  return out;
}

class KeyGauges {
 public:
  void add(const canon::DomainName& domain, const crypto::Manifest& manifest) {
    for (const auto* key : keys_shown(manifest))
      add_key(domain, *key);
    for (const auto algorithm : crypto::all_algorithms)
      add_active(domain, manifest, algorithm);
  }

  void move_to(std::vector<prometheus::MetricFamily>& out) {
    for (auto* gauges : {&state_, &created_, &activated_, &retired_, &active_})
      gauges->move_to(out);
  }

 private:
  void add_key(const canon::DomainName& domain, const KeyEntry& key) {
    const std::vector<Label> labels = {{"domain", domain.str()},
                                       {"selector", key.selector.str()},
                                       {"algorithm", std::string(key_name(key.algorithm))}};
    auto with_state = labels;
    with_state.push_back({"state", std::string(to_string(key.state))});
    state_.add(std::move(with_state), 1);
    created_.add(labels, unix_time(key.created));
    if (key.activated) activated_.add(labels, unix_time(*key.activated));
    if (key.retired) retired_.add(labels, unix_time(*key.retired));
  }

  // Adds the number only for an algorithm that the domain has, or had, keys of: 0 is worth an alert.
  void add_active(const canon::DomainName& domain, const crypto::Manifest& manifest, Algorithm algorithm) {
    std::optional<int> active;
    for (const auto& key : manifest.keys) {
      if (key.algorithm != algorithm) continue;
      active = active.value_or(0) + (key.state == KeyState::active ? 1 : 0);
    }
    if (!active) return;
    active_.add({{"domain", domain.str()}, {"algorithm", std::string(key_name(algorithm))}}, *active);
  }

  Gauges state_{"key_state", "1 for the state that a key is in: pending, active or retiring."};
  Gauges created_{"key_created_timestamp_seconds", "When a key was made, in Unix time."};
  Gauges activated_{"key_activated_timestamp_seconds", "When a key began to sign, in Unix time."};
  Gauges retired_{"key_retired_timestamp_seconds", "When a key ceased to sign, in Unix time."};
  Gauges active_{"domain_active_keys",
                 "Keys that sign, of each algorithm that the domain has, or had, keys of."};
};

}  // namespace

std::vector<prometheus::MetricFamily> key_metrics(const StoreReport& report) {
  Gauges readable("key_store_readable", "Whether the key directory can be read (1) or not (0).");
  Gauges shown("key_store_domains_shown", "Domains whose keys are among these metrics.");
  Gauges cut(
      "key_store_domains_cut",
      "Whether the store has more domains than metrics_domains lets be shown (1): then those that were "
      "used last are.");
  Gauges manifests("domain_manifest_readable",
                   "Whether a domain's manifest, keys.conf, can be read (1) or not (0).");
  Gauges lease(
      "lease_end_timestamp_seconds",
      "Until when this machine of a fleet may sign without another contact, in Unix time; 0 without a "
      "lease.");
  readable.add({}, report.readable ? 1 : 0);
  if (report.lease_end) lease.add({}, unix_time(*report.lease_end));
  shown.add({}, static_cast<double>(report.domains.size()));
  cut.add({}, report.cut ? 1 : 0);
  KeyGauges keys;
  for (const auto& domain : report.domains) {
    manifests.add({{"domain", domain.name.str()}}, domain.manifest ? 1 : 0);
    if (domain.manifest) keys.add(domain.name, *domain.manifest);
  }
  std::vector<prometheus::MetricFamily> out;
  for (auto* gauges : {&readable, &shown, &cut, &lease, &manifests})
    gauges->move_to(out);
  keys.move_to(out);
  return out;
}

}  // namespace dkim::milter
