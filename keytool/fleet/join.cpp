#include "keytool/fleet/join.hpp"

#include <algorithm>
#include <unordered_set>

#include "crypto/store/domain_copy.hpp"
#include "keytool/fleet/copy_turn.hpp"
#include "keytool/fleet/fleet_access.hpp"

namespace dkim::keytool::fleet {
namespace {

// For a machine that is a member already: only the names are compared, since its copy may lag. A domain can
// be here alone if the command was killed before it had removed it.
Comparison compare_names(const crypto::KeyStore& store, FleetDatabase& database) {
  Comparison comparison;
  const auto names = database.domains();
  const std::unordered_set<std::string> there(names.begin(), names.end());
  for (auto& domain : store.domains()) {
    if (there.contains(domain.str())) {
      ++comparison.equal;
    } else {
      comparison.only_here.push_back(std::move(domain));
    }
  }
  return comparison;
}

bool differs(const Comparison& comparison) {
  return !comparison.differing.empty() || !comparison.only_here.empty();
}

// Leaves those that the fleet has got meanwhile, and returns which were removed.
std::vector<canon::DomainName> remove_domains(const crypto::KeyStore& store, FleetDatabase& database,
                                              const std::vector<canon::DomainName>& domains) {
  const CopyTurn turn(store);
  std::vector<canon::DomainName> removed;
  for (const auto& domain : domains) {
    if (database.domain(domain)) continue;
    crypto::remove_copy(store, domain);
    removed.push_back(domain);
  }
  return removed;
}

}  // namespace

SyncResult first_sync(const crypto::KeyStore& store, const FleetSettings& settings, FleetDatabase& database,
                      const JoinRequest& request) {
  SyncPass pass(store, settings, request.version,
                {.now = crypto::utc_now,
                 .go_on =
                     [&](const SyncResult& result) {
                       request.progress(static_cast<std::size_t>(result.applied),
                                        static_cast<std::size_t>(result.newest));
                       return true;
                     },
                 .refused = request.refused});
  return pass.run(database);
}

JoinResult join(const crypto::KeyStore& store, const FleetSettings& settings, FleetDatabase& database,
                const JoinRequest& request) {
  const auto state = database.state();
  // A machine that cannot open the keys must not become one for which the others wait.
  const auto keys = read_sealing_keys(settings, state);
  const auto membership = own_membership(store, settings, state);
  JoinResult result;
  if (membership) {
    resume_membership(store, *membership, database, request.name);
    // Brings the copy up to date first: of a database that went back in time, nothing is believed.
    result.sync = first_sync(store, settings, database, request);
    result.joined = true;
    if (result.sync.outcome != SyncResult::Outcome::complete) return result;
    result.comparison = compare_names(store, database);
  } else {
    result.comparison = compare_with_fleet(store, database, keys, state, request.progress);
    if (differs(result.comparison) && !request.take_fleet) return result;
    become_member(store, settings, database, state, request.name, result.comparison.stamps);
    result.joined = true;
    result.sync = first_sync(store, settings, database, request);
  }
  if (request.take_fleet && result.sync.outcome == SyncResult::Outcome::complete) {
    result.removed = remove_domains(store, database, result.comparison.only_here);
  }
  return result;
}

}  // namespace dkim::keytool::fleet
