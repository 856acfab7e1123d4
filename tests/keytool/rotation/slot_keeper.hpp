// Where the model of slots (slot_world.hpp) keeps its domain: in memory, or in a store of record.
#pragma once

#include <memory>
#include <utility>

#include "crypto/store/domain_change.hpp"
#include "crypto/store/slot_use.hpp"

namespace dkim::keytool::rotation_test {

class SlotKeeper {
 public:
  SlotKeeper() = default;
  SlotKeeper(const SlotKeeper&) = delete;
  SlotKeeper& operator=(const SlotKeeper&) = delete;
  virtual ~SlotKeeper() = default;
  virtual std::unique_ptr<crypto::DomainChange> change() = 0;
  virtual crypto::Manifest read() = 0;
};

// Has no keys and no records, only their manifest.
class MemoryKeeper final : public SlotKeeper {
 public:
  std::unique_ptr<crypto::DomainChange> change() override { return std::make_unique<Change>(manifest_); }
  crypto::Manifest read() override { return manifest_; }

 private:
  class Change final : public crypto::DomainChange {
   public:
    explicit Change(crypto::Manifest& kept) : kept_(kept), manifest_(kept) {}
    crypto::Manifest& manifest() override { return manifest_; }
    void add_key(crypto::KeyEntry entry, const crypto::PrivateKey& /*unused*/) override {
      crypto::take_selector(manifest_, *canon::DomainName::parse("example.com"), entry);
      manifest_.keys.push_back(std::move(entry));
    }
    void rewrite_record(const crypto::KeyEntry& /*unused*/) override {}
    void commit() override { kept_ = manifest_; }

   private:
    crypto::Manifest& kept_;
    crypto::Manifest manifest_;
  };

  crypto::Manifest manifest_;
};

}  // namespace dkim::keytool::rotation_test
