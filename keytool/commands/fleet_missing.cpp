// In place of commands/fleet.cpp and what it needs, in a dkimkey that was built without fleets
// (-DDKIMSIGND_FLEET=OFF).
#include <unistd.h>

#include "crypto/error.hpp"
#include "crypto/file.hpp"
#include "crypto/store/membership.hpp"
#include "keytool/cli/subcommands.hpp"
#include "keytool/commands/fleet_facts.hpp"

namespace dkim::keytool {
namespace {

constexpr const char* built_without = "this dkimkey was built without fleets: install one that has them";

}  // namespace

ExitCode fleet_command(const Arguments& /*unused*/) {
  throw crypto::StoreError(built_without);
}

std::optional<FleetFacts> gather_fleet_facts(const Configuration& configuration) {
  const auto& directory = configuration.signing.key_directory;
  // What is wrong with the directory is another check's to say.
  if (access(directory.c_str(), X_OK) != 0 || crypto::is_missing(directory / ".fleet")) return std::nullopt;
  FleetFacts facts;
  facts.host = directory.string();
  facts.trouble = built_without;
  return facts;
}

}  // namespace dkim::keytool
