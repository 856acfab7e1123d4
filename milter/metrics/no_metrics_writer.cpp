// In place of metrics_writer.cpp where there is no prometheus-cpp: says that nothing is written, and starts
// no thread. Whoever set metrics_file sees it in the log; mail does not need the metrics.
#include <exception>

#include "milter/metrics/metrics_writer.hpp"

namespace dkim::milter {

MetricsWriter::MetricsWriter(Shared& shared) : shared_(shared) {
  wake();
}

MetricsWriter::~MetricsWriter() = default;

void MetricsWriter::wake() {
  try {
    const bool wanted = !shared_.setup()->config.metrics.file.empty();
    report(wanted ? "dkimsignd was built without metrics" : "");
  } catch (const std::exception&) {
    // There is no memory even for the log line.
  }
}

// NOLINTNEXTLINE(readability-convert-member-functions-to-static): the other one has a thread to wait for
bool MetricsWriter::finish(std::chrono::milliseconds) {
  return true;
}

void MetricsWriter::report(const std::string& trouble) {
  if (!trouble.empty() && trouble != trouble_) shared_.log.metrics_not_written(trouble);
  trouble_ = trouble;
}

}  // namespace dkim::milter
