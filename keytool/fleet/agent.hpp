// dkimkey fleet sync: keeps this machine's copy equal to the fleet's database, for as long as it runs.
//
// A pass (keytool/fleet/sync_pass) takes place when the database notifies of a change, and every few seconds:
// so it works where notifications do not arrive (a pooler). After a failure it is tried again, at first after
// a second and then less often. All waits are of random length, so that the machines of a fleet do not ask at
// the same time.
//
// Tells the service manager READY after the first pass, or after the first that failed: mail does not wait
// for the database, and neither does the boot. Feeds its watchdog between batches. Says on standard error
// what changes, once.
#pragma once

#include <filesystem>
#include <string>

#include "crypto/store/key_store.hpp"
#include "keytool/cli/exit_code.hpp"
#include "keytool/fleet/fleet_settings.hpp"

namespace dkim::keytool::fleet {

struct AgentOptions {
  std::string version;
  std::filesystem::path metrics_file;  // empty: none
};

// Returns when SIGTERM, SIGINT or SIGHUP comes; then a batch under way is finished. Throws NoMember if the
// key directory belongs to no fleet (any more).
ExitCode run_agent(const crypto::KeyStore& store, const FleetSettings& settings, const AgentOptions& options);

// One pass; says what it did. A problem if the copy does not have everything, or refuses a domain.
ExitCode run_once(const crypto::KeyStore& store, const FleetSettings& settings, const AgentOptions& options);

}  // namespace dkim::keytool::fleet
