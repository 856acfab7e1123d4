// Benchmarks the metrics: the cost of counting for a message, from one thread and from several that count at
// once, and the cost of writing all metrics as text.
#include <benchmark/benchmark.h>
#include <prometheus/metric_family.h>

#include <memory>
#include <vector>

#include "milter/metrics/metrics.hpp"

namespace {

using dkim::crypto::PrivateKey;
using dkim::milter::Disposition;
using dkim::milter::Metrics;
using dkim::milter::NotSigned;

Metrics& metrics() {
  static Metrics instance;
  return instance;
}

// A signed message: a look-up in the cache, a signature, its size and its time.
void count_signed(benchmark::State& state) {
  const dkim::crypto::SigningIdentity identity{
      *dkim::canon::DomainName::parse("example.com"),
      {{*dkim::canon::Selector::parse("s"),
        std::make_shared<const PrivateKey>(PrivateKey::generate_ed25519())}},
      "a@example.com"};
  for (auto _ : state) {
    metrics().cache_hit();
    metrics().message_signed(identity, 2048, std::chrono::microseconds(700));
  }
}
BENCHMARK(count_signed)->ThreadRange(1, 4)->UseRealTime();

void count_not_signed(benchmark::State& state) {
  for (auto _ : state)
    metrics().message_not_signed(NotSigned::untrusted_client, Disposition::accept);
}
BENCHMARK(count_not_signed)->ThreadRange(1, 4)->UseRealTime();

// There are no keys here; with keys, each manifest is looked at in addition.
void metrics_text(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(metrics().text({}));
}
BENCHMARK(metrics_text);

}  // namespace
