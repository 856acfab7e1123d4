// Compares this machine's key directory with a fleet's database before the two become one: domain by domain,
// with the private keys.
//
// Failures are DatabaseError, and StoreError for the key directory as a whole. What cannot be read of one
// domain, on either side, is a difference.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "canon/domain_name.hpp"
#include "crypto/file_stamp.hpp"
#include "crypto/keys/sealing_keys.hpp"
#include "crypto/store/key_store.hpp"
#include "keytool/fleet/fleet_database.hpp"

namespace dkim::keytool::fleet {

struct DomainDifference {
  canon::DomainName domain;
  std::vector<std::string> lines;  // what differs, with both sides
};

// What the key directory looked like: to find out whether somebody has changed it since.
using StoreStamps = std::map<canon::DomainName, crypto::FileStamp>;

struct Comparison {
  std::size_t equal = 0;
  std::size_t only_there = 0;
  std::vector<canon::DomainName> only_here;
  std::vector<DomainDifference> differing;
  StoreStamps stamps;  // of all domains that are here
};

// Looks at no row if the key directory is empty; only_there is then not counted. progress: is told how many
// domains of how many were looked at.
Comparison compare_with_fleet(const crypto::KeyStore& store, FleetDatabase& database,
                              const crypto::SealingKeys& keys, const StoreState& state,
                              const std::function<void(std::size_t, std::size_t)>& progress);

// Compares one domain with its row. Returns nothing if the two are equal.
std::optional<DomainDifference> compare_domain(const crypto::KeyStore& store, const canon::DomainName& domain,
                                               const DomainRow& row, const crypto::SealingKeys& keys,
                                               const StoreState& state);

// Returns a domain that was changed since, or came, or went; nothing if there is none.
std::optional<canon::DomainName> changed_domain(const crypto::KeyStore& store, const StoreStamps& stamps);

}  // namespace dkim::keytool::fleet
