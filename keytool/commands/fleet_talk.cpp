#include "keytool/commands/fleet_talk.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <iostream>

#include "canon/printable.hpp"
#include "keytool/cli/configuration.hpp"
#include "keytool/fleet/fleet_access.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool {
namespace {

constexpr std::size_t between_lines = 1000;

}  // namespace

fleet::FleetSettings fleet_settings_of(const ParsedOptions& options) {
  return fleet::configured_fleet_settings(read_configuration(options));
}

fleet::Progress fleet_progress(std::string what) {
  if (isatty(STDERR_FILENO) == 0) return [](std::size_t, std::size_t) {};
  return [what = std::move(what), shown = std::size_t{0}](std::size_t done, std::size_t all) mutable {
    if (done < shown) shown = 0;
    if (done - shown < between_lines && done != all) return;
    shown = done;
    std::cerr << fmt::format("\r{} of {} {}{}", done, all, what, done == all ? "\n" : "") << std::flush;
  };
}

fleet::JoinRequest join_request(std::string version) {
  fleet::JoinRequest request;
  request.version = std::move(version);
  request.progress = fleet_progress("done");
  request.refused = [](const std::string& domain, const std::string& reason) {
    std::cerr << fmt::format("{} is refused, and stays here as it was: {}\n",
                             canon::printable_word(domain, 253), terminal_text(reason));
  };
  return request;
}

void print_differences(const std::vector<fleet::DomainDifference>& differences) {
  for (const auto& difference : differences) {
    std::cout << difference.domain.str() << '\n';
    for (const auto& line : difference.lines)
      std::cout << "  " << terminal_text(line) << '\n';
  }
}

ExitCode report_sync(const fleet::SyncResult& sync, const crypto::KeyStore& store, const std::string& host) {
  using Outcome = fleet::SyncResult::Outcome;
  if (sync.outcome == Outcome::went_back || sync.outcome == Outcome::other_fleet) {
    std::cerr << fmt::format("{}\nNothing was applied. \"dkimkey fleet sync --help\" says how to choose.\n",
                             terminal_text(sync.trouble));
    return ExitCode::problem;
  }
  std::cerr << fmt::format("{} is a copy of the fleet now, under the name {}: all of it up to change {}\n",
                           store.directory().string(), host, sync.applied);
  if (!sync.no_lease.empty()) {
    std::cerr << fmt::format("{}\n", terminal_text(sync.no_lease));
  } else if (sync.lease_end) {
    std::cerr << fmt::format("without another contact, this machine signs until {}\n",
                             crypto::to_string(*sync.lease_end));
  }
  std::cerr << "keep it up to date: systemctl enable --now dkimkey-fleet\n";
  if (sync.refused == 0) return ExitCode::done;
  std::cerr << fmt::format("{} of the fleet's domains are refused here; dkimkey fleet status shows them\n",
                           sync.refused);
  return ExitCode::problem;
}

}  // namespace dkim::keytool
