// Makes a domain's state out of its row in the fleet's database: reads the manifest and opens the sealed
// keys. A row may have been written by anyone who has the writer's password, so nothing in it is believed.
//
// Failures are RowRefused, with a reason that a person can act on; the reason has no secret and no control
// characters. OpenSslError for this machine's own.
#pragma once

#include <map>
#include <string>

#include "canon/domain_name.hpp"
#include "crypto/error.hpp"
#include "crypto/keys/sealing_keys.hpp"
#include "crypto/store/domain_copy.hpp"
#include "keytool/fleet/fleet_database.hpp"

namespace dkim::keytool::fleet {

// This machine cannot use the row, and the others may: the fault is in the row, or in this machine's sealing
// keys.
class RowRefused : public crypto::Error {
 public:
  using Error::Error;
};

struct OpenedRow {
  canon::DomainName domain;
  crypto::DomainState state;
  bool is_forgotten = false;
};

// fingerprints: of the fleet's sealing keys, as StoreState has them. Any thread.
OpenedRow open_row(const DomainRow& row, const crypto::SealingKeys& sealing_keys,
                   const std::map<int, std::string>& fingerprints);

// Makes the domain's files equal to the row; removes them if it was forgotten. Returns false if they are
// equal already. Throws what crypto::write_copy() throws.
bool write_opened_row(const crypto::KeyStore& store, const OpenedRow& row);

}  // namespace dkim::keytool::fleet
