// Writes a batch of rows of the fleet's database into this machine's copy, several domains at once: a domain
// takes a dozen system calls that wait for the disk, and disks serve several of those together.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "crypto/keys/sealing_keys.hpp"
#include "crypto/store/key_store.hpp"
#include "keytool/fleet/fleet_database.hpp"

namespace dkim::keytool::fleet {

struct RowOutcome {
  enum class Kind {
    equal,    // the copy had it already
    written,  // and is on disk
    refused,  // this domain stays here as it was, because of what is in its row or in the way here
    failed,   // this machine cannot write: a full disk
  };
  Kind kind = Kind::failed;
  std::string reason;  // of the last two
};

// Returns the outcomes in the order of the rows; never throws for a single row. A disk that is full is so for
// all: the rows that have not begun when one fails are not begun.
std::vector<RowOutcome> write_rows(const crypto::KeyStore& store, const std::vector<DomainRow>& rows,
                                   const crypto::SealingKeys& sealing_keys,
                                   const std::map<int, std::string>& fingerprints);

}  // namespace dkim::keytool::fleet
