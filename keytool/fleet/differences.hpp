// What a machine's copy and the fleet's database have of the same domains, where the two do not agree: after
// the database went back in time.
//
// Failures are DatabaseError, and StoreError for the key directory as a whole.
#pragma once

#include <functional>
#include <string>

#include "canon/domain_name.hpp"
#include "crypto/store/key_store.hpp"
#include "crypto/store/manifest.hpp"
#include "keytool/fleet/fleet_database.hpp"

namespace dkim::keytool::fleet {

struct Difference {
  enum class Kind { only_here, only_there, differs };
  std::string domain;
  Kind kind = Kind::differs;
  // This machine's state was made later than the database's: a change to a key is noted with its time.
  bool is_newer_here = false;
  std::string what;  // "here server revoked, s2 active; in the database server active"
  bool is_forgotten_there = false;
};

// Returns whether the manifest of this machine was changed later than that of the database, or at the same
// time.
bool is_newer(const crypto::Manifest& here, const crypto::Manifest& there);

// Calls it for each domain that differs, and looked() for each domain, which may take long. Memory grows with
// the number of domains, by their names alone.
void for_each_difference(
    const crypto::KeyStore& store, FleetDatabase& database,
    const std::function<void(const Difference&)>& call, const std::function<void()>& looked = [] {});

}  // namespace dkim::keytool::fleet
