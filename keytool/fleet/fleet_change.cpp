#include "keytool/fleet/fleet_change.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "crypto/store/domain_copy.hpp"
#include "crypto/store/membership.hpp"
#include "crypto/store/slot_use.hpp"
#include "keytool/fleet/history.hpp"
#include "keytool/fleet/open_row.hpp"
#include "keytool/fleet/sealed_rows.hpp"
#include "keytool/fleet/uncertain_change.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool::fleet {

StoreState require_same_history(FleetDatabase& database, const crypto::KeyStore& files) {
  auto own = compare_own_history(database, files);
  if (!own)
    throw crypto::StoreError(fmt::format("{} belongs to no fleet any more", files.directory().string()));
  if (own->history.kind == History::Kind::same) return std::move(own->state);
  throw crypto::StoreError(
      fmt::format("nothing is read or changed: {}; dkimkey fleet status says more", own->history.what));
}

void refresh_copy(DatabasePool& pool, const crypto::KeyStore& files, const canon::DomainName& domain) {
  pool.with_connection([&](DatabasePool::Borrowed database) {
    auto& connection = database->connection();
    connection.begin();
    try {
      require_same_history(*database, files);
      if (const auto row = database->lock_domain(domain)) {
        // Behind the rows: a new sealing key is in the list before a row needs it.
        const auto state = database->state();
        const auto keys = crypto::SealingKeys::read(pool.settings().sealing_key_file);
        write_opened_row(files, open_row(*row, keys, state.sealing_keys));
      }
    } catch (...) {
      connection.rollback();
      throw;
    }
    connection.rollback();
  });
}

FleetChange::FleetChange(DatabasePool& pool, DatabasePool::Borrowed database, const crypto::KeyStore& files,
                         const canon::DomainName& domain)
    : pool_(pool), database_(std::move(database)), files_(files), domain_(domain) {
  database_->connection().begin();
  try {
    begin();
  } catch (...) {
    database_->connection().rollback();
    throw;
  }
}

void FleetChange::begin() {
  state_ = require_same_history(*database_, files_);
  auto row = database_->lock_domain(domain_);
  // Meanwhile there may be a new sealing key, and rows that need it.
  state_.sealing_keys = database_->state().sealing_keys;
  if (!row) return;
  manifest_ = crypto::parse_manifest(row->manifest, fmt::format("the fleet's manifest of {}", domain_.str()));
  keys_ = std::move(row->keys);
  is_forgotten_ = row->is_forgotten;
}

FleetChange::~FleetChange() {
  if (is_open_) database_->connection().rollback();
}

void FleetChange::add_key(crypto::KeyEntry entry, const crypto::PrivateKey& key) {
  crypto::take_selector(manifest_, domain_, entry);
  const auto sealing_keys = crypto::SealingKeys::read(pool_.settings().sealing_key_file);
  keys_.push_back(seal_row(domain_, entry, key, newest_sealing_key(sealing_keys, state_.sealing_keys)));
  manifest_.keys.push_back(std::move(entry));
}

void FleetChange::rewrite_record(const crypto::KeyEntry& entry) {
  if (entry.state == crypto::KeyState::revoked) return;
  const auto sealing_keys = crypto::SealingKeys::read(pool_.settings().sealing_key_file);
  open_key(domain_, entry, keys_, sealing_keys, state_.sealing_keys);
}

void FleetChange::forget(crypto::UtcTime now) {
  for (auto& entry : manifest_.keys) {
    if (entry.state == crypto::KeyState::revoked) continue;
    entry.state = crypto::KeyState::revoked;
    entry.revoked = now;
  }
  is_forgotten_ = true;
}

// The database keeps no private key that is revoked or has lost its slot.
void FleetChange::make() {
  std::vector<KeyRow> kept;
  for (const auto& entry : manifest_.keys) {
    if (entry.state == crypto::KeyState::revoked) continue;
    const auto row =
        std::find_if(keys_.begin(), keys_.end(), [&](const KeyRow& key) { return is_row_of(key, entry); });
    if (row == keys_.end()) {
      throw crypto::StoreError(
          fmt::format("the fleet's database has no private key for {} of {}, which is {}: a "
                      "machine that still has the key brings it back by dkimkey fleet push --replace {}",
                      entry.selector.str(), domain_.str(), to_string(entry.state), domain_.str()));
    }
    kept.push_back(*row);
  }
  const auto manifest = crypto::write_manifest(manifest_);
  // A domain that gets a key has come back.
  const auto change = database_->put_domain(domain_, manifest, kept, is_forgotten_ && kept.empty());
  try {
    database_->connection().commit();
  } catch (const DatabaseError& error) {
    if (error.kind() != DatabaseError::Kind::unknown) throw;
    find_out(pool_, {domain_, manifest, change}, error);
  }
  is_open_ = false;
}

// A copy that cannot be written must not keep the command from what is to follow the change, such as to
// publish the record of a key that other machines sign with from now on.
void FleetChange::commit() {
  make();
  try {
    refresh_copy(pool_, files_, domain_);
  } catch (const crypto::Error& error) {
    std::cerr << fmt::format(
        "dkimkey: the change was made in the fleet's database, and the agent (dkimkey fleet sync) will "
        "bring it to this machine, but: {}\n",
        terminal_text(error.what()));
  }
}

}  // namespace dkim::keytool::fleet
