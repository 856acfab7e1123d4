// Puts another tool's keys into the key store with one transaction a domain: a killed process leaves whole
// domains, and the next run does the rest.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "crypto/store/store_of_record.hpp"
#include "keytool/opendkim/key_collector.hpp"
#include "keytool/opendkim/remark.hpp"

namespace dkim::keytool::opendkim {

struct WantedKeys {
  std::map<KeyName, FoundKey> keys;
  // For domains that are new to the store. Others keep what they have.
  std::map<canon::DomainName, Subdomains> subdomains;
  std::map<canon::DomainName, crypto::RecordFlags> records;
  std::string signer = "OpenDKIM";                    // whose keys they are, for remarks
  crypto::KeyState state = crypto::KeyState::active;  // or pending
};

struct StoredKey {
  enum class Outcome { added, there_already, refused };
  KeyName name;
  Outcome outcome = Outcome::added;
  std::string why;  // if refused
};

struct StoreResult {
  std::vector<StoredKey> keys;
  Remarks remarks;
};

// Returns what store_keys would do. The store need not exist.
StoreResult try_keys(crypto::StoreOfRecord& store, const WantedKeys& wanted);

// Stores the keys. A key that is already there stays as it is. Refuses a key whose selector belongs to
// another one, and all keys of a domain that cannot be written; goes on with the others. Does not throw for
// any of that.
StoreResult store_keys(crypto::StoreOfRecord& store, const WantedKeys& wanted, crypto::UtcTime now);

}  // namespace dkim::keytool::opendkim
