// Reads the text format of Prometheus, as far as we write it.
#pragma once

#include <map>
#include <string>

namespace dkim::test {

// The key is the series as it is written, such as "dkimsignd_errors_total{kind=\"store\"}".
using Samples = std::map<std::string, double>;

Samples samples_of(const std::string& text);

// Returns by how much each series grew, without series that did not grow and without the buckets of
// histograms.
Samples increase(const Samples& before, const Samples& after);

}  // namespace dkim::test
