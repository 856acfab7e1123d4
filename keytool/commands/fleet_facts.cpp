#include "keytool/commands/fleet_facts.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "crypto/error.hpp"
#include "crypto/store/membership.hpp"
#include "keytool/fleet/fleet_access.hpp"
#include "keytool/fleet/history.hpp"
#include "keytool/fleet/status.hpp"

namespace dkim::keytool {
namespace {

void ask_database(FleetFacts& facts, const crypto::KeyStore& store, const Configuration& configuration) {
  fleet::FleetDatabase database(fleet::require_fleet_settings(configuration.keys.fleet));
  const auto own = fleet::compare_own_history(database, store);
  if (!own) return;  // it has left at this moment
  facts.wrong_database = own->history.what;
  if (!facts.wrong_database.empty()) return;
  const auto& membership = own->membership;
  const auto status = fleet::read_status(database, membership, configuration.keys.drain);
  facts.is_unknown = true;
  for (const auto& signer : status.signers) {
    if (signer.is_here) {
      facts.is_unknown = signer.row.left.has_value();
      facts.lag = std::max<std::int64_t>(0, status.store.sequence - membership.sequence);
      facts.refused = static_cast<std::size_t>(std::max(0, signer.row.refused));
    } else if (!signer.row.left) {
      ++facts.others;
      // A change that was made just now is on its way everywhere.
      const bool is_late = signer.lag_since && status.now - *signer.lag_since > fleet::longest_silence;
      const bool is_well = signer.state == fleet::SignerState::current ||
                           (signer.state == fleet::SignerState::behind && !is_late);
      if (!is_well || signer.row.refused > 0) facts.lagging.push_back(signer.row.host);
    }
  }
}

}  // namespace

std::optional<FleetFacts> gather_fleet_facts(const Configuration& configuration) {
  const auto& directory = configuration.signing.key_directory;
  // What is wrong with the directory is another check's to say.
  if (access(directory.c_str(), X_OK) != 0) return std::nullopt;
  FleetFacts facts;
  facts.host = directory.string();
  try {
    const crypto::KeyStore store(directory);
    const auto membership = crypto::read_membership(store);
    if (!membership) return std::nullopt;
    facts.host = membership->host;
    facts.contact = membership->contact;
    try {
      ask_database(facts, store, configuration);
    } catch (const crypto::Error& error) {
      facts.trouble = error.what();
    }
  } catch (const crypto::Error& error) {
    facts.unknown = error.what();
    facts.membership_file = crypto::membership_path(crypto::KeyStore(directory));
    facts.is_denied = access(facts.membership_file.c_str(), R_OK) != 0;
  }
  return facts;
}

}  // namespace dkim::keytool
