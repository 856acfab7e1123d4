#include "keytool/fleet/fleet_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>

#include "canon/printable.hpp"
#include "crypto/error.hpp"
#include "crypto/keys/sealing_keys.hpp"
#include "crypto/store/domain_transaction.hpp"
#include "crypto/store/membership.hpp"
#include "keytool/fleet/database_pool.hpp"
#include "keytool/fleet/fleet_access.hpp"
#include "keytool/fleet/fleet_change.hpp"
#include "keytool/fleet/sealed_rows.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool::fleet {
namespace {

class FleetStore final : public crypto::StoreOfRecord {
 public:
  FleetStore(const crypto::KeyStore& files, FleetSettings settings)
      : files_(files), pool_(std::move(settings)) {}

  const crypto::KeyStore& files() const override { return files_; }
  std::string place() const override { return "the fleet's database"; }
  void hold() override { files_ = files_.held(); }

  std::vector<canon::DomainName> domains() override;
  bool has(const canon::DomainName& domain) override;
  std::optional<crypto::Manifest> read_manifest(const canon::DomainName& domain) override;
  crypto::PrivateKey load_key(const canon::DomainName& domain, const crypto::KeyEntry& entry) override;
  crypto::KeyRecord record_of(const canon::DomainName& domain, const crypto::KeyEntry& entry,
                              const crypto::RecordFlags& flags) override;
  std::unique_ptr<crypto::DomainChange> change(const canon::DomainName& domain) override;
  void tidy_up(const canon::DomainName& domain, const crypto::Manifest& manifest) override;
  crypto::SignerView signers(const canon::DomainName& domain) override;

 private:
  // The first one of each connection finds out which database this is: another server may have taken the
  // place of the last one. Changes do that each time.
  template <typename Read>
  auto read(Read read) {
    return pool_.with_connection([&](DatabasePool::Borrowed database) {
      if (!database.is_judged()) require_same_history(*database, files_);
      database.note_judged();
      return read(*database);
    });
  }

  crypto::KeyStore files_;
  DatabasePool pool_;
};

std::vector<canon::DomainName> FleetStore::domains() {
  const auto names = read([](FleetDatabase& database) { return database.domains(); });
  std::vector<canon::DomainName> domains;
  for (const auto& name : names) {
    // As in a key directory, what is no domain in its only form is none of ours. The agents refuse it, with
    // its name.
    auto domain = canon::DomainName::parse(name);
    if (domain && domain->str() == name) domains.push_back(*std::move(domain));
  }
  std::sort(domains.begin(), domains.end());
  return domains;
}

bool FleetStore::has(const canon::DomainName& domain) {
  return read([&](FleetDatabase& database) { return database.manifest(domain).has_value(); });
}

std::optional<crypto::Manifest> FleetStore::read_manifest(const canon::DomainName& domain) {
  const auto text = read([&](FleetDatabase& database) { return database.manifest(domain); });
  if (!text) return std::nullopt;
  return crypto::parse_manifest(*text, fmt::format("the fleet's manifest of {}", domain.str()));
}

crypto::PrivateKey FleetStore::load_key(const canon::DomainName& domain, const crypto::KeyEntry& entry) {
  StoreState state;
  const auto row = read([&](FleetDatabase& database) {
    auto found = database.domain(domain);
    state = database.state();  // a new sealing key is in the list before a row needs it
    return found;
  });
  const auto keys = crypto::SealingKeys::read(pool_.settings().sealing_key_file);
  return open_key(domain, entry, row ? row->keys : std::vector<KeyRow>(), keys, state.sealing_keys);
}

crypto::KeyRecord FleetStore::record_of(const canon::DomainName& domain, const crypto::KeyEntry& entry,
                                        const crypto::RecordFlags& flags) {
  if (entry.state == crypto::KeyState::revoked) return crypto::revoked_record(entry.algorithm, flags);
  return crypto::make_record(load_key(domain, entry), flags);
}

std::unique_ptr<crypto::DomainChange> FleetStore::change(const canon::DomainName& domain) {
  return pool_.with_connection([&](DatabasePool::Borrowed database) {
    return std::make_unique<FleetChange>(pool_, std::move(database), files_, domain);
  });
}

void FleetStore::tidy_up(const canon::DomainName& domain, const crypto::Manifest& /*unused*/) {
  // What the database has is whole. Here a copy may have been left half-way; what it lacks, the agent brings.
  try {
    const auto local = files_.read_manifest(domain);
    if (local && crypto::needs_tidying(files_, domain, local->manifest)) refresh_copy(pool_, files_, domain);
  } catch (const crypto::Error& error) {
    std::cerr << fmt::format("dkimkey: the copy on this machine is not in order: {}\n",
                             terminal_text(error.what()));
  }
}

crypto::SignerView FleetStore::signers(const canon::DomainName& domain) {
  return {true, read([&](FleetDatabase& database) { return database.behind(domain); })};
}

}  // namespace

std::unique_ptr<crypto::StoreOfRecord> open_fleet_store(const crypto::KeyStore& files,
                                                        FleetSettings settings) {
  return std::make_unique<FleetStore>(files, std::move(settings));
}

std::unique_ptr<crypto::StoreOfRecord> open_configured_fleet_store(const crypto::KeyStore& files,
                                                                   const Configuration& configuration) {
  return open_fleet_store(files, configured_fleet_settings(configuration));
}

}  // namespace dkim::keytool::fleet
