// One change to one domain of the key directory. Nothing is visible before commit() and everything after it,
// at whatever instant the process is killed.
//
// How it is written, and what a killed writer leaves: crypto/store/domain_files.
#pragma once

#include <map>
#include <string>

#include "canon/domain_name.hpp"
#include "crypto/keys/private_key.hpp"
#include "crypto/store/domain_change.hpp"
#include "crypto/store/domain_files.hpp"
#include "crypto/store/key_store.hpp"
#include "crypto/store/manifest.hpp"

namespace dkim::crypto {

class DomainTransaction final : public DomainChange {
 public:
  // Makes the domain's directory if there is none, waits for other writers, removes what a killed writer
  // left, and reads the manifest (an empty one for a new domain). Throws SettingsError or StoreError
  // (UntrustedPath if others could write there or have put something in the way).
  DomainTransaction(const KeyStore& store, canon::DomainName domain);

  Manifest& manifest() override { return manifest_; }
  // Also throws StoreError if files of its name exist that the manifest does not know.
  void add_key(KeyEntry entry, const PrivateKey& key) override;
  void rewrite_record(const KeyEntry& entry) override;
  void commit() override;

 private:
  void refuse_unknown_file(const std::string& name) const;
  void stage_record(const canon::Selector& selector, const KeyRecord& record);

  DomainFiles files_;
  Manifest manifest_;
  std::map<std::string, std::string> records_;  // the text by the file's name: the last one counts
};

}  // namespace dkim::crypto
