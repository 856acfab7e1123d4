// The key directory of a machine as its store of record: what signs reads the same files.
//
// A missing key directory is a StoreError in everything but the constructor: dkimkey makes it for a first
// key.
#pragma once

#include "crypto/store/store_of_record.hpp"

namespace dkim::crypto {

class FileStore final : public StoreOfRecord {
 public:
  explicit FileStore(KeyStore files) : files_(std::move(files)) {}

  const KeyStore& files() const override { return files_; }
  void hold() override { files_ = files_.held(); }

  std::vector<canon::DomainName> domains() override { return files_.domains(); }
  bool has(const canon::DomainName& domain) override { return files_.stamp(domain).has_value(); }
  std::optional<Manifest> read_manifest(const canon::DomainName& domain) override;
  PrivateKey load_key(const canon::DomainName& domain, const KeyEntry& entry) override;
  KeyRecord record_of(const canon::DomainName& domain, const KeyEntry& entry,
                      const RecordFlags& flags) override;
  std::unique_ptr<DomainChange> change(const canon::DomainName& domain) override;
  void tidy_up(const canon::DomainName& domain, const Manifest& manifest) override;
  SignerView signers(const canon::DomainName& /*domain*/) override { return {}; }

 private:
  KeyStore files_;
};

}  // namespace dkim::crypto
