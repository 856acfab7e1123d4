// In place of commands/fleet.cpp, in a dkimkey that was built without fleets (-DDKIMSIGND_FLEET=OFF).
#include "crypto/error.hpp"
#include "keytool/cli/subcommands.hpp"

namespace dkim::keytool {

ExitCode fleet_command(const Arguments& /*unused*/) {
  throw crypto::StoreError("this dkimkey was built without fleets: install one that has them");
}

}  // namespace dkim::keytool
