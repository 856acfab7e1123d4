#include "keytool/fleet/keep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "canon/printable.hpp"
#include "crypto/directory.hpp"
#include "crypto/file.hpp"
#include "crypto/store/domain_copy.hpp"
#include "crypto/store/domain_files.hpp"
#include "keytool/fleet/copy_turn.hpp"
#include "keytool/fleet/copy_writer.hpp"
#include "keytool/fleet/differences.hpp"
#include "keytool/fleet/history.hpp"
#include "keytool/fleet/sealed_rows.hpp"
#include "keytool/fleet/sync_pass.hpp"

namespace dkim::keytool::fleet {
namespace {

using Say = std::function<void(const std::string&)>;

constexpr int batch_size = 200;

struct Choice {
  std::vector<canon::DomainName> to_bring;
  std::vector<canon::DomainName> to_remove;
};

std::string fate_of(const Difference& difference, Keep which) {
  if (which == Keep::local && difference.is_newer_here) return "goes into the database";
  const bool is_there = difference.kind != Difference::Kind::only_here;
  if (is_there && !difference.is_forgotten_there) return "comes from the database";
  return is_there || which == Keep::fleet ? "is removed here, with its private keys"
                                          : "cannot be read, and stays here alone";
}

// Names what differs and becomes of it, and returns what is to be done to it.
Choice choose(const crypto::KeyStore& store, FleetDatabase& database, Keep which, const Say& say) {
  Choice choice;
  std::size_t count = 0;
  for_each_difference(store, database, [&](const Difference& difference) {
    if (++count <= most_named)
      say(fmt::format("{} {}: {}", difference.domain, fate_of(difference, which), difference.what));
    const auto domain = canon::DomainName::parse(difference.domain);
    if (!domain) return;
    if (which == Keep::local && difference.is_newer_here) {
      choice.to_bring.push_back(*domain);
    } else if (which == Keep::fleet && difference.kind == Difference::Kind::only_here) {
      choice.to_remove.push_back(*domain);
    }
  });
  if (count > most_named) say(fmt::format("and {} more domains", count - most_named));
  if (count == 0) say("no domain differs");
  return choice;
}

std::vector<KeyRow> sealed_rows(const crypto::KeyStore& store, const canon::DomainName& domain,
                                const crypto::Manifest& manifest, const crypto::SealingKey& with) {
  std::vector<KeyRow> rows;
  for (const auto& entry : manifest.keys) {
    if (entry.state == crypto::KeyState::revoked) continue;
    rows.push_back(seal_row(domain, entry, store.load_key(domain, entry), with));
  }
  return rows;
}

bool is_newer_than_row(const crypto::Manifest& here, const DomainRow& row) {
  try {
    return is_newer(here, crypto::parse_manifest(row.manifest, "the manifest in the database"));
  } catch (const crypto::SettingsError&) {
    return true;  // nobody can use the other one
  }
}

// Clears the notes that no machine signs with a key: one that took the older state may do so again.
crypto::Manifest with_stops_unknown(crypto::Manifest manifest) {
  for (auto& key : manifest.keys) {
    if (!key.forgotten) key.stopped.reset();
  }
  return manifest;
}

// Returns false if the domain has been changed there meanwhile.
bool bring(const crypto::KeyStore& store, FleetDatabase& database, const canon::DomainName& domain,
           const crypto::SealingKey& with) {
  auto& connection = database.connection();
  connection.begin();
  try {
    const auto there = database.lock_domain(domain);
    const auto here = store.read_manifest(domain);
    if (!here || (there && !is_newer_than_row(here->manifest, *there))) {
      connection.rollback();
      return false;
    }
    database.put_domain(domain, crypto::write_manifest(with_stops_unknown(here->manifest)),
                        sealed_rows(store, domain, here->manifest, with));
    connection.commit();
    return true;
  } catch (...) {
    connection.rollback();
    throw;
  }
}

// Writes what the database has of every domain, equal or not, and returns the last change that the copy then
// has.
std::int64_t take_everything(const crypto::KeyStore& store, FleetDatabase& database, const StoreState& state,
                             const crypto::SealingKeys& sealing_keys, const std::string& host,
                             KeepReport& report, const Say& say) {
  std::int64_t at = 0;
  for (auto rows = database.changed_since(at, batch_size); !rows.empty();
       rows = database.changed_since(at, batch_size)) {
    const auto outcomes = write_rows(store, rows, sealing_keys, state.sealing_keys);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto& [kind, reason] = outcomes[i];
      if (kind == RowOutcome::Kind::failed && !reason.empty()) throw crypto::StoreError(reason);
      if (kind == RowOutcome::Kind::written) ++report.written;
      if (kind != RowOutcome::Kind::refused) continue;
      ++report.refused;
      say(fmt::format("{} is refused, and stays here as it was: {}",
                      canon::printable_word(rows[i].domain, 253), reason));
      database.refuse(host, rows[i].domain, reason);
    }
    at = rows.back().sequence;
  }
  return std::max(at, state.sequence);
}

// Whether a run was killed while it removed the domain: it left nothing, or its lock, and files that are
// marked for removal by their temporary names. Any other directory is not ours.
bool is_half_removed(const std::filesystem::path& path) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path))
    names.insert(entry.path().filename().string());
  return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
    return name == ".lock" || crypto::is_leftover(name) || names.contains(crypto::temporary_name(name));
  });
}

// Removes what a killed run left of a domain, which no list names any more.
void finish_removals(const crypto::KeyStore& store) {
  std::vector<canon::DomainName> begun;
  for (const auto& entry : std::filesystem::directory_iterator(store.directory())) {
    const auto domain = canon::DomainName::parse(entry.path().filename().string());
    if (domain && entry.symlink_status().type() == std::filesystem::file_type::directory &&
        crypto::is_missing(store.manifest_path(*domain)) && is_half_removed(entry.path()))
      begun.push_back(*domain);
  }
  for (const auto& domain : begun)
    crypto::remove_copy(store, domain);
}

}  // namespace

KeepReport keep(const crypto::KeyStore& store, const FleetSettings& settings, FleetDatabase& database,
                Keep which, crypto::UtcTime now, const Say& say) {
  CopyTurn turn(store);
  auto& membership = turn.membership;
  KeepReport report;
  const auto history = compare_history(database, database.state(), membership);
  if (history.kind == History::Kind::other_fleet) throw crypto::StoreError(history.what);
  report.went_back = history.kind == History::Kind::went_back;
  if (!report.went_back) return report;
  say(history.what);
  const auto sealing_keys = crypto::SealingKeys::read(settings.sealing_key_file);
  const auto choice = choose(store, database, which, say);
  // A database from before this machine joined does not know it. Refusals need it there.
  if (!database.signer(membership.host)) {
    database.join(membership.host);
    if (const auto held = crypto::read_lease(store))
      database.grant_lease(membership.host, *held, held, settings.lease);
  }
  const auto state = database.state();
  const auto& with = newest_sealing_key(sealing_keys, state.sealing_keys);
  for (const auto& domain : choice.to_bring)
    report.brought += bring(store, database, domain, with) ? 1 : 0;
  // After what was brought, so that the copy has it all in the database's own order.
  const auto at =
      take_everything(store, database, database.state(), sealing_keys, membership.host, report, say);
  finish_removals(store);
  for (const auto& domain : choice.to_remove) {
    if (database.domain(domain)) continue;  // the fleet has got it meanwhile
    try {
      crypto::remove_copy(store, domain);
      ++report.removed;
    } catch (const crypto::Error& error) {
      // What is wrong with one domain must not keep the machine from choosing.
      ++report.not_removed;
      say(fmt::format("{} is not removed: {}", domain.str(), error.what()));
    }
  }
  const auto mark = database.mark(at);
  if (!mark) throw crypto::StoreError("the database went back once more; give the command again");
  membership.sequence = at;
  membership.mark = *mark;
  membership.contact = now;
  crypto::write_membership(store, membership);
  return report;
}

}  // namespace dkim::keytool::fleet
