// The keys of the store as metrics: gauges by domain and key.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "milter/metrics/key_watch.hpp"

namespace dkim::milter {

// Of a domain's keys, those that are not revoked are shown, the latest: rotation leaves revoked ones behind
// for ever.
constexpr std::size_t most_keys_shown = 16;

std::vector<prometheus::MetricFamily> key_metrics(const StoreReport& report);

}  // namespace dkim::milter
