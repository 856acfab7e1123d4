#include "milter/metrics/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <ctime>
#include <sstream>
#include <utility>

#include "milter/metrics/labels.hpp"

namespace dkim::milter {
namespace {

using prometheus::Counter;
using prometheus::Gauge;

// From the quickest signature (Ed25519, 50 µs) to a time that nobody should have to wait.
const prometheus::Histogram::BucketBoundaries signing_seconds = {
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1};

double seconds_now() {
  return static_cast<double>(std::time(nullptr));
}

}  // namespace

// Everything is created at the start, so that each series exists, with 0, before its first event: rates and
// alerts need the step from 0 to 1.
struct Metrics::Instruments {
  using Labels = prometheus::Labels;

  Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {}) {
    return prometheus::BuildCounter().Name("dkimsignd_" + name).Help(help).Register(registry).Add(labels);
  }
  Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {}) {
    return prometheus::BuildGauge().Name("dkimsignd_" + name).Help(help).Register(registry).Add(labels);
  }

  std::array<Counter*, 3> messages_signed_counters() {
    const char* help = "Messages signed, by the algorithms of their keys: rsa, ed25519 or both.";
    const auto of = [&](const char* word) {
      return &counter("messages_signed_total", help, {{"algorithms", word}});
    };
    return {of("rsa"), of("ed25519"), of("both")};
  }

  std::array<Counter*, algorithms> signature_counters() {
    const auto of = [&](crypto::Algorithm algorithm) {
      return &counter("signatures_total", "Signatures put on messages.",
                      {{"algorithm", std::string(signature_name(algorithm))}});
    };
    return {of(crypto::Algorithm::rsa), of(crypto::Algorithm::ed25519)};
  }

  std::array<std::array<Counter*, dispositions.size()>, reasons> not_signed_counters() {
    std::array<std::array<Counter*, dispositions.size()>, reasons> out{};
    for (std::size_t reason = 0; reason < reasons; ++reason) {
      for (const auto disposition : dispositions) {
        if (!can_end_as(static_cast<NotSigned>(reason), disposition)) continue;
        out[reason][index(disposition)] =
            &counter("messages_not_signed_total", "Messages not signed, by reason, and what became of them.",
                     {{"reason", std::string(word_of(static_cast<NotSigned>(reason)))},
                      {"disposition", std::string(to_string(disposition))}});
      }
    }
    return out;
  }

  std::array<Counter*, kinds> error_counters() {
    std::array<Counter*, kinds> out{};
    for (std::size_t kind = 0; kind < kinds; ++kind) {
      out[kind] = &counter("errors_total", "Faults met while handling mail, by kind.",
                           {{"kind", std::string(word_of(static_cast<ErrorKind>(kind)))}});
    }
    return out;
  }

  Counter& lookups(const char* result) {
    return counter("key_cache_lookups_total",
                   "Look-ups of a domain's keys: in the cache (hit), read from the store (miss), or no such "
                   "domain in the store (absent).",
                   {{"result", result}});
  }
  Counter& reloads(const char* result) {
    return counter("config_reloads_total", "Reloads of the configuration asked for since the start.",
                   {{"result", result}});
  }

  prometheus::Registry registry;

  Gauge& build_info =
      gauge("build_info", "Always 1; the version is in the label.", {{"version", DKIMSIGND_VERSION}});
  Gauge& start_time = gauge("start_time_seconds", "When the daemon started, in Unix time.");

  std::array<Counter*, 3> messages_signed = messages_signed_counters();
  std::array<Counter*, algorithms> signatures = signature_counters();
  std::array<std::array<Counter*, dispositions.size()>, reasons> not_signed = not_signed_counters();
  Counter& aborted = counter("messages_aborted_total",
                             "Messages that were to be signed and that the MTA broke off before their end.");
  Counter& signed_bytes =
      counter("signed_bytes_total", "Size of the messages signed, header and body, in bytes.");
  prometheus::Histogram& signing_time =
      prometheus::BuildHistogram()
          .Name("dkimsignd_signing_duration_seconds")
          .Help("Time from a message's end to its signatures inserted, all of them together.")
          .Register(registry)
          .Add({}, signing_seconds);
  std::array<Counter*, kinds> errors = error_counters();

  Gauge& connections = gauge("connections", "Connections from the MTA that are open.");
  Counter& connections_total = counter("connections_total", "Connections from the MTA since the start.");

  Counter& hits = lookups("hit");
  Counter& misses = lookups("miss");
  Counter& absent = lookups("absent");
  Counter& evictions =
      counter("key_cache_evictions_total", "Domains whose keys made room in the cache for others.");
  Gauge& cached_domains = gauge("key_cache_domains", "Domains whose keys are in memory.");
  Gauge& cache_capacity = gauge("key_cache_capacity_domains", "Domains whose keys fit into memory.");

  Gauge& rotation_period =
      gauge("key_rotation_period_seconds", "The age at which keys are due for rotation: rotation.every.");
  Gauge& writing_period = gauge("metrics_interval_seconds", "How often these metrics are written.");

  Counter& reloads_ok = reloads("ok");
  Counter& reloads_failed = reloads("failed");
  Gauge& last_reload_ok = gauge("config_last_reload_successful",
                                "Whether the last reload took the file over (1) or found a mistake (0).");
  Gauge& last_good_reload =
      gauge("config_last_reload_success_timestamp_seconds",
            "When the configuration in effect was read, in Unix time; the start counts as well.");
};

bool built_with_metrics() noexcept {
  return true;
}

Metrics::Metrics() : instruments_(std::make_unique<Instruments>()) {
  instruments_->build_info.Set(1);
  instruments_->start_time.Set(seconds_now());
  instruments_->last_reload_ok.Set(1);
  instruments_->last_good_reload.Set(seconds_now());
}

Metrics::~Metrics() = default;

void Metrics::connection_opened() noexcept {
  instruments_->connections.Increment();
  instruments_->connections_total.Increment();
}

void Metrics::connection_closed() noexcept {
  instruments_->connections.Decrement();
}

void Metrics::message_signed(const crypto::SigningIdentity& identity, std::uint64_t size,
                             std::chrono::nanoseconds time) noexcept {
  std::array<bool, algorithms> used{};
  const auto count = [&](const std::vector<crypto::SigningKey>& keys) {
    for (const auto& key : keys) {
      const auto algorithm = index(key.key->algorithm());
      used[algorithm] = true;
      instruments_->signatures[algorithm]->Increment();
    }
  };
  count(identity.keys);
  for (const auto& second : identity.second)
    count(second.keys);
  const std::size_t which = used[0] && used[1] ? 2 : used[1] ? 1 : 0;
  instruments_->messages_signed[which]->Increment();
  instruments_->signed_bytes.Increment(static_cast<double>(size));
  instruments_->signing_time.Observe(std::chrono::duration<double>(time).count());
}

void Metrics::message_not_signed(NotSigned reason, Disposition disposition) noexcept {
  // A pair that cannot occur has no series.
  if (auto* counter = instruments_->not_signed[index(reason)][index(disposition)]) counter->Increment();
}

void Metrics::message_aborted() noexcept {
  instruments_->aborted.Increment();
}

void Metrics::error(ErrorKind kind) noexcept {
  instruments_->errors[index(kind)]->Increment();
}

void Metrics::cache_hit() noexcept {
  instruments_->hits.Increment();
}

void Metrics::cache_miss() noexcept {
  instruments_->misses.Increment();
}

void Metrics::cache_absent() noexcept {
  instruments_->absent.Increment();
}

void Metrics::cache_evicted() noexcept {
  instruments_->evictions.Increment();
}

void Metrics::set_cached_domains(std::size_t count, std::size_t capacity) noexcept {
  instruments_->cached_domains.Set(static_cast<double>(count));
  instruments_->cache_capacity.Set(static_cast<double>(capacity));
}

void Metrics::set_periods(std::chrono::seconds rotation, std::chrono::seconds writing) noexcept {
  instruments_->rotation_period.Set(static_cast<double>(rotation.count()));
  instruments_->writing_period.Set(static_cast<double>(writing.count()));
}

void Metrics::reloaded() noexcept {
  instruments_->reloads_ok.Increment();
  instruments_->last_reload_ok.Set(1);
  instruments_->last_good_reload.Set(seconds_now());
}

void Metrics::reload_failed() noexcept {
  instruments_->reloads_failed.Increment();
  instruments_->last_reload_ok.Set(0);
}

std::string Metrics::text(const std::vector<prometheus::MetricFamily>& more) const {
  const prometheus::TextSerializer serializer;
  std::ostringstream out;
  serializer.Serialize(out, instruments_->registry.Collect());
  serializer.Serialize(out, more);
  return std::move(out).str();
}

}  // namespace dkim::milter
