// Puts keys of another tool into the key store: a transaction a domain, so that a process killed in between
// leaves whole domains, and a further run does what is left.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "crypto/store/key_store.hpp"
#include "keytool/opendkim/key_collector.hpp"
#include "keytool/opendkim/remark.hpp"

namespace dkim::keytool::opendkim {

struct WantedKeys {
  std::map<KeyName, FoundKey> keys;
  // For domains that are new to the store; those that are not named keep what they have.
  std::map<canon::DomainName, bool> subdomains;
  crypto::KeyState state = crypto::KeyState::active;  // or pending
};

struct StoredKey {
  enum class Outcome { added, there_already, refused };
  KeyName name;
  Outcome outcome = Outcome::added;
  std::string why;  // refused
};

struct StoreResult {
  std::vector<StoredKey> keys;
  Remarks remarks;
};

// What store_keys would do; the store need not be there.
StoreResult try_keys(const crypto::KeyStore& store, const WantedKeys& wanted);

// A key that is there already stays as it is; one whose selector another key has is refused, and so are all
// of a domain that cannot be written. The others go on.
StoreResult store_keys(const crypto::KeyStore& store, const WantedKeys& wanted, crypto::UtcTime now);

}  // namespace dkim::keytool::opendkim
