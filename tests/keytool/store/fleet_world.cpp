#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "crypto/keys/sealing_keys.hpp"
#include "crypto/store/membership.hpp"
#include "keytool/fleet/fleet_database.hpp"
#include "keytool/fleet/fleet_store.hpp"
#include "keytool/fleet/schema.hpp"
#include "tests/crypto/test_store.hpp"
#include "tests/keytool/store/store_world.hpp"

namespace dkim::keytool::store_test {
namespace {

std::string owners_connection() {
  const char* const connection = std::getenv("DKIMSIGND_TEST_DATABASE");
  if (connection == nullptr) {
    throw std::runtime_error(
        "DKIMSIGND_TEST_DATABASE names no database: tests/keytool/store_promises_test.py starts one");
  }
  return connection;
}

class FleetWorld final : public StoreWorld {
 public:
  FleetWorld() : owner_(settings(owners_connection(), "owner")) {
    owner_.connection().run_script("DROP SCHEMA IF EXISTS dkimsignd CASCADE");
    fleet::make_schema(owner_.connection());
    owner_.add_sealing_key(1, crypto::make_sealing_key_file(sealing_key_file()).fingerprint());
    store_ = join("mx1");
    elsewhere_ = join("mx2");
  }

  crypto::StoreOfRecord& store() override { return *store_; }
  crypto::StoreOfRecord& elsewhere() override { return *elsewhere_; }

  std::vector<std::string> private_keys(const canon::DomainName& domain) override {
    const auto rows = owner_.connection().run(
        "SELECT selector || '/' || use FROM dkimsignd.sealed_keys WHERE domain = $1", {domain.str()});
    std::vector<std::string> keys;
    for (int i = 0; i < rows.size(); ++i)
      keys.push_back(rows.text(i, 0));
    std::sort(keys.begin(), keys.end());
    return keys;
  }

  void lose_key(const canon::DomainName& domain, const crypto::KeyEntry& entry) override {
    owner_.connection().run("DELETE FROM dkimsignd.sealed_keys WHERE domain = $1 AND selector = $2",
                            {domain.str(), entry.selector.str()});
  }

 private:
  std::filesystem::path sealing_key_file() const { return directory_.path() / "sealing.key"; }

  fleet::FleetSettings settings(const std::string& connection, const std::string& host) const {
    return {.file = directory_.path() / "fleet.conf",
            .connection = connection,
            .sealing_key_file = sealing_key_file(),
            .host = host};
  }

  // With the rights of a machine that changes keys.
  std::unique_ptr<crypto::StoreOfRecord> join(const std::string& host) {
    owner_.join(host);
    const crypto::KeyStore files(directory_.path() / host);
    std::filesystem::create_directory(files.directory());
    crypto::write_membership(files, {owner_.state().identity, host, 0, "", crypto::utc_now()});
    return fleet::open_fleet_store(files, settings(owners_connection() + " user=dkimsignd_writer", host));
  }

  test::TemporaryDirectory directory_;
  fleet::FleetDatabase owner_;
  std::unique_ptr<crypto::StoreOfRecord> store_;
  std::unique_ptr<crypto::StoreOfRecord> elsewhere_;
};

}  // namespace

std::unique_ptr<StoreWorld> make_fleet_world() {
  return std::make_unique<FleetWorld>();
}

}  // namespace dkim::keytool::store_test
