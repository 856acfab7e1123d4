// dkimkey fleet reseal: changes the sealing key of the fleet, while its machines sign.
#include <fmt/format.h>

#include <iostream>

#include "canon/printable.hpp"
#include "keytool/cli/configuration.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/commands/fleet_subcommands.hpp"
#include "keytool/commands/fleet_talk.hpp"
#include "keytool/fleet/reseal.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey fleet reseal [--prepare | --finish] [OPTIONS]

Examples:
  dkimkey fleet reseal --prepare
      make a new sealing key in this machine's file; then copy the file to every machine
  dkimkey fleet reseal
      seal every private key in the database with it, once every machine has it
  dkimkey fleet reseal --finish
      remove the old sealing keys, at last on every machine

Changes the key with which the private keys in the fleet's database are sealed. Every machine goes on signing, and keys
may be made and rotated meanwhile. Each step may be interrupted and given again.
)",
    R"(A backup of the database needs the sealing keys of its time: keep a copy of the old file as long as the backups.

Exit codes: 0 done, 1 a row was altered, this machine's sealing keys are not the fleet's, or the database cannot be
reached, 2 wrong usage or configuration, 3 a machine has not reported the new key, or some keys need an old one.
)"};

struct Fleet {
  const crypto::KeyStore& store;
  const fleet::FleetSettings& settings;
  fleet::FleetDatabase& database;
};

ExitCode prepare(const Fleet& fleet) {
  const auto file = fleet.settings.sealing_key_file.string();
  const auto key = fleet::prepare_reseal(fleet.store, fleet.settings, fleet.database);
  std::cerr << fmt::format(
      "{} {} the new sealing key {}, whose fingerprint is {}\ncopy the file to every machine of the fleet, "
      "and keep a "
      "copy elsewhere; then: dkimkey fleet reseal\n",
      file, key.is_new ? "has" : "had already", key.number, key.fingerprint);
  return ExitCode::done;
}

ExitCode name_lacking(const Fleet& fleet, const fleet::ResealResult& result) {
  for (const auto& signer : result.lacking) {
    std::cerr << fmt::format("{} {} (last contact: {})\n", canon::printable_word(signer.host, 253),
                             signer.has_another
                                 ? fmt::format("has another sealing key {} than this machine", result.number)
                                 : fmt::format("has not reported the sealing key {}", result.number),
                             signer.last_seen ? crypto::to_string(*signer.last_seen) : "none");
  }
  std::cerr << fmt::format(
      "nothing was changed: copy {} to these machines, whose agents (dkimkey fleet sync) report it within a "
      "minute or so; if one will not come back: dkimkey fleet leave HOST\n",
      fleet.settings.sealing_key_file.string());
  return ExitCode::waiting;
}

ExitCode reseal(const Fleet& fleet) {
  const auto result =
      fleet::reseal(fleet.store, fleet.settings, fleet.database, fleet_progress("sealed with the new key"));
  if (!result.lacking.empty()) return name_lacking(fleet, result);
  for (const auto& line : result.damaged)
    std::cerr << terminal_text(line) << '\n';
  if (result.damaged_count > result.damaged.size())
    std::cerr << fmt::format("and {} more\n", result.damaged_count - result.damaged.size());
  std::cerr << fmt::format("sealed {} keys with the sealing key {}", result.resealed, result.number);
  if (result.damaged_count > 0) std::cerr << fmt::format("; {} were left as they are", result.damaged_count);
  std::cerr << '\n';
  if (result.left > 0)
    std::cerr << fmt::format("{} more are being changed by others: give the command again\n", result.left);
  if (result.damaged_count > 0) return ExitCode::problem;
  if (result.left > 0) return ExitCode::waiting;
  std::cerr << "when nothing needs the old sealing keys any more: dkimkey fleet reseal --finish, on every "
               "machine\n";
  return ExitCode::done;
}

ExitCode finish(const Fleet& fleet) {
  const auto file = fleet.settings.sealing_key_file.string();
  const auto result = fleet::finish_reseal(fleet.store, fleet.settings, fleet.database);
  if (result.needed > 0) {
    std::cerr << fmt::format(
        "nothing was removed: {} keys in the database are still sealed with an old sealing key; give dkimkey "
        "fleet "
        "reseal once more\n",
        result.needed);
    return ExitCode::waiting;
  }
  std::cerr << fmt::format("{} has only the sealing key {} now", file, result.number);
  std::cerr << fmt::format("; {} removed\n", result.removed);
  return ExitCode::done;
}

}  // namespace

ExitCode fleet_reseal(const Arguments& arguments) {
  CommandLine command_line("fleet reseal", help);
  command_line.add_options()                                                             //
      ("prepare", "make a new sealing key in this machine's file, to be copied to all")  //
      ("finish", "remove the sealing keys that nothing needs any more");
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  if (options->has("prepare") && options->has("finish"))
    throw UsageError("--prepare is the first step and --finish the last one: give one of them");
  const auto settings = fleet_settings_of(*options);
  const crypto::KeyStore store(read_configuration(*options).signing.key_directory);
  fleet::FleetDatabase database(settings);
  const Fleet fleet{store, settings, database};
  if (options->has("prepare")) return prepare(fleet);
  return options->has("finish") ? finish(fleet) : reseal(fleet);
}

}  // namespace dkim::keytool
