// The keys of the store as metrics: gauges by domain and key (dkimsignd(8), METRICS).
//
// Reads nothing itself: what could not be read is a 0 in the gauges. Throws nothing but std::bad_alloc.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

#include "milter/metrics/key_watch.hpp"

namespace dkim::milter {

// How many keys of a domain are shown: the latest ones that are not revoked. Rotation leaves revoked keys
// behind forever.
constexpr std::size_t most_keys_shown = 16;

// Returns the families that have a metric.
std::vector<prometheus::MetricFamily> key_metrics(const StoreReport& report);

}  // namespace dkim::milter
