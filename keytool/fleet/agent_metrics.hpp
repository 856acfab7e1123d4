// What a fleet's agent knows about itself, as a text that Prometheus reads by node_exporter's textfile
// collector. dkimsignd(8) and packaging/prometheus name these metrics. No value comes from the database as a
// text.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "crypto/utc_time.hpp"
#include "keytool/fleet/sync_pass.hpp"

namespace dkim::keytool::fleet {

struct AgentState {
  crypto::UtcTime started;
  std::chrono::seconds lease{0};  // the whole of it
  std::uint64_t passes = 0;
  std::uint64_t passes_failed = 0;
  std::uint64_t notifications = 0;  // that woke it
  std::uint64_t domains_written = 0;
  bool reached = false;  // the last pass came to an end
  SyncResult last;       // of the last pass that did
};

// version: of this program.
std::string metrics_text(const AgentState& state, const std::string& version, crypto::UtcTime now);

}  // namespace dkim::keytool::fleet
