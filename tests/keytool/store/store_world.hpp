// Makes an empty store of record of each kind, for the tests of what every kind promises: the key directory
// of one machine, and the database of a fleet with two machines.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "crypto/store/store_of_record.hpp"

namespace dkim::keytool::store_test {

class StoreWorld {
 public:
  StoreWorld() = default;
  StoreWorld(const StoreWorld&) = delete;
  StoreWorld& operator=(const StoreWorld&) = delete;
  virtual ~StoreWorld() = default;

  // One store, opened twice: by two processes, and in a fleet on two machines.
  virtual crypto::StoreOfRecord& store() = 0;
  virtual crypto::StoreOfRecord& elsewhere() = 0;

  // Returns which private keys the store has for the domain, whatever its manifest says: "SELECTOR/USE",
  // sorted.
  virtual std::vector<std::string> private_keys(const canon::DomainName& domain) = 0;
  // Takes a private key away, as damage would.
  virtual void lose_key(const canon::DomainName& domain, const crypto::KeyEntry& entry) = 0;
};

std::unique_ptr<StoreWorld> make_file_world();
// Needs the connection of a superuser to an empty database in DKIMSIGND_TEST_DATABASE, and throws without it:
// a test that is skipped would pass.
std::unique_ptr<StoreWorld> make_fleet_world();

// The names of the private key files, as private_keys() returns them; other files of keys by their whole
// names.
std::vector<std::string> key_files(const crypto::KeyStore& files, const canon::DomainName& domain);

struct StoreKind {
  std::string name;
  std::function<std::unique_ptr<StoreWorld>()> make;
};

// For INSTANTIATE_TEST_SUITE_P: the name of the kind ends that of each test.
std::vector<StoreKind> store_kinds();
inline std::string name_of(const testing::TestParamInfo<StoreKind>& info) {
  return info.param.name;
}

}  // namespace dkim::keytool::store_test
