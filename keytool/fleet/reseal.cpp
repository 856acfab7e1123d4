#include "keytool/fleet/reseal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "canon/printable.hpp"
#include "crypto/error.hpp"
#include "crypto/keys/sealed_key.hpp"
#include "keytool/fleet/fleet_access.hpp"
#include "keytool/fleet/fleet_change.hpp"

namespace dkim::keytool::fleet {
namespace {

// A change of one of these domains waits for the batch.
constexpr int batch_size = 100;
constexpr std::size_t most_named = 100;

// Ends the transaction with a rollback unless it was committed.
class Transaction {
 public:
  explicit Transaction(FleetDatabase& database) : connection_(database.connection()) { connection_.begin(); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (is_open_) connection_.rollback();
  }
  void commit() {
    is_open_ = false;
    connection_.commit();
  }

 private:
  Database& connection_;
  bool is_open_ = true;
};

// The keys that the fleet knows were compared before.
bool is_known(const crypto::SealingKey& key, const StoreState& state) {
  return state.sealing_keys.contains(key.number);
}

std::vector<SignerWithoutKey> signers_without(FleetDatabase& database, const crypto::SealingKey& key) {
  // As their agents report them: "1:FINGERPRINT 2:FINGERPRINT".
  const auto wanted = fmt::format(" {}:{} ", key.number, key.fingerprint());
  const auto number = fmt::format(" {}:", key.number);
  std::vector<SignerWithoutKey> lacking;
  for (const auto& signer : database.signers()) {
    const auto reported = fmt::format(" {} ", signer.sealing_keys);
    if (signer.left || reported.find(wanted) != std::string::npos) continue;
    lacking.push_back({signer.host, reported.find(number) != std::string::npos, signer.last_seen});
  }
  return lacking;
}

// Throws SettingsError if the row's columns are not those of a key.
crypto::SealedPlace place_of(const PlacedKeyRow& row) {
  const auto domain = canon::DomainName::parse(row.domain);
  const auto selector = canon::Selector::parse(row.key.selector);
  const auto algorithm = crypto::algorithm_from_key_name(row.key.algorithm);
  const bool is_exact =
      domain && domain->str() == row.domain && selector && selector->str() == row.key.selector;
  if (!is_exact || !algorithm || row.key.use < 1)
    throw crypto::SettingsError("its row does not name a domain, a selector, a number and an algorithm");
  return {*domain, {*selector, row.key.use}, *algorithm};
}

class Resealing {
 public:
  Resealing(FleetDatabase& database, const crypto::SealingKeys& keys, StoreState state)
      : database_(database), keys_(keys), newest_(keys.newest()), state_(std::move(state)) {}

  // All that nobody else is changing, batch by batch.
  void reseal_batches(const std::function<void()>& after_each) {
    PlacedKeyRow last;
    last.key.use = 0;
    while (true) {
      Transaction transaction(database_);
      auto rows = database_.sealed_otherwise(newest_.number, last, batch_size);
      if (rows.empty()) return;
      reseal_rows(rows);
      transaction.commit();
      last = std::move(rows.back());
      after_each();
    }
  }

  // Reseals what was left out because others were changing it. Waits for them, and holds no other lock.
  void reseal_rest() {
    std::string last;
    while (true) {
      const auto domains = database_.domains_sealed_otherwise(newest_.number, last, batch_size);
      if (domains.empty()) return;
      for (const auto& domain : domains)
        reseal_domain(domain);
      last = domains.back();
    }
  }

  ResealResult take() {
    result_.number = newest_.number;
    const auto otherwise = static_cast<std::size_t>(database_.count_sealed_otherwise(newest_.number));
    result_.damaged_count = damaged_.size();
    result_.left = otherwise - std::min(otherwise, damaged_.size());
    return std::move(result_);
  }

  std::size_t done() const { return result_.resealed + damaged_.size(); }

 private:
  void reseal_domain(const std::string& name) {
    const auto domain = canon::DomainName::parse(name);
    if (!domain || domain->str() != name) return;  // is among the damaged ones
    try {
      Transaction transaction(database_);
      const auto row = database_.lock_domain(*domain);
      if (!row) return;
      std::vector<PlacedKeyRow> rows;
      for (const auto& key : row->keys) {
        if (key.sealed.sealing_key != newest_.number) rows.push_back({name, key});
      }
      reseal_rows(rows);
      transaction.commit();
    } catch (const DatabaseError& error) {
      if (error.kind() != DatabaseError::Kind::busy) throw;
    }
  }

  void reseal_rows(const std::vector<PlacedKeyRow>& rows) {
    for (const auto& row : rows) {
      try {
        reseal_row(row);
        ++result_.resealed;
      } catch (const crypto::SealError& error) {
        // A sealing key that is missing or wrong here concerns many rows.
        if (error.kind() != crypto::SealError::Kind::damaged) throw;
        note_damage(row, error.what());
      } catch (const crypto::SettingsError& error) {
        note_damage(row, fmt::format("{} of {}: {}", row.key.selector, row.domain, error.what()));
      }
    }
  }

  void reseal_row(const PlacedKeyRow& row) {
    const auto place = place_of(row);
    const auto known = state_.sealing_keys.find(row.key.sealed.sealing_key);
    const auto key =
        crypto::unseal(row.key.sealed, place, keys_, known == state_.sealing_keys.end() ? "" : known->second);
    auto resealed = row.key;
    resealed.sealed = crypto::seal(key, place, newest_);
    database_.put_sealed(row.domain, resealed);
  }

  void note_damage(const PlacedKeyRow& row, const std::string& why) {
    if (!damaged_.emplace(row.domain, row.key.selector, row.key.use).second) return;
    if (result_.damaged.size() < most_named) result_.damaged.push_back(canon::printable(why, 1000));
  }

  FleetDatabase& database_;
  const crypto::SealingKeys& keys_;
  const crypto::SealingKey& newest_;
  StoreState state_;
  ResealResult result_;
  std::set<std::tuple<std::string, std::string, int>> damaged_;
};

}  // namespace

PreparedKey prepare_reseal(const crypto::KeyStore& files, const FleetSettings& settings,
                           FleetDatabase& database) {
  const auto state = require_same_history(database, files);
  const auto keys = read_sealing_keys(settings, state);
  if (!is_known(keys.newest(), state)) return {keys.newest().number, keys.newest().fingerprint(), false};
  const auto added = crypto::add_sealing_key(settings.sealing_key_file);
  return {added.number, added.fingerprint(), true};
}

ResealResult reseal(const crypto::KeyStore& files, const FleetSettings& settings, FleetDatabase& database,
                    const std::function<void(std::size_t, std::size_t)>& progress) {
  auto state = require_same_history(database, files);
  const auto keys = read_sealing_keys(settings, state);
  const auto& newest = keys.newest();
  ResealResult nothing;
  nothing.number = newest.number;
  {
    Transaction transaction(database);
    nothing.lacking = signers_without(database, newest);
    if (!nothing.lacking.empty()) return nothing;
    if (!is_known(newest, state)) database.add_sealing_key(newest.number, newest.fingerprint());
    transaction.commit();
  }
  state.sealing_keys.emplace(newest.number, newest.fingerprint());
  const auto all = static_cast<std::size_t>(database.count_sealed_otherwise(newest.number));
  Resealing resealing(database, keys, std::move(state));
  resealing.reseal_batches([&] { progress(resealing.done(), std::max(all, resealing.done())); });
  resealing.reseal_rest();
  return resealing.take();
}

FinishResult finish_reseal(const crypto::KeyStore& files, const FleetSettings& settings,
                           FleetDatabase& database) {
  const auto state = require_same_history(database, files);
  const auto keys = read_sealing_keys(settings, state);
  const int number = keys.newest().number;
  if (!is_known(keys.newest(), state)) {
    throw crypto::StoreError(fmt::format(
        "the sealing key {} is not in use yet: dkimkey fleet reseal comes before --finish", number));
  }
  FinishResult result{number, database.count_sealed_otherwise(number), 0};
  if (result.needed > 0) return result;
  // The database refuses it if a change seals with an old key at this moment.
  if (state.sealing_keys.begin()->first < number) database.remove_sealing_keys_below(number);
  result.removed = static_cast<std::size_t>(std::count_if(
      keys.all().begin(), keys.all().end(), [number](const auto& key) { return key.number < number; }));
  crypto::remove_sealing_keys_below(settings.sealing_key_file, number);
  return result;
}

}  // namespace dkim::keytool::fleet
