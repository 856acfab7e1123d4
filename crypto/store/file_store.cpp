#include "crypto/store/file_store.hpp"

#include <fmt/format.h>

#include "crypto/error.hpp"
#include "crypto/store/domain_transaction.hpp"
#include "crypto/store/membership.hpp"

namespace dkim::crypto {
namespace {

// A change to a key directory that belongs to no fleet, which must still be so when it is made: of a copy,
// another machine would never get it. Whoever makes the directory a copy writes .fleet, and then looks
// whether a domain has changed; this looks after its change whether .fleet is there. So one of the two sees
// the other.
class FileChange final : public DomainChange {
 public:
  FileChange(const KeyStore& store, const canon::DomainName& domain)
      : store_(store), transaction_(store, domain) {}

  Manifest& manifest() override { return transaction_.manifest(); }
  void add_key(KeyEntry entry, const PrivateKey& key) override {
    transaction_.add_key(std::move(entry), key);
  }
  void rewrite_record(const KeyEntry& entry) override { transaction_.rewrite_record(entry); }

  void commit() override {
    refuse_copy("nothing was changed: give the command again");
    transaction_.commit();
    refuse_copy(
        "this change may be on this machine alone, or be replaced by what the fleet has: look at the "
        "keys, and give the command again");
  }

 private:
  void refuse_copy(std::string_view advice) const {
    if (is_missing(membership_path(store_))) return;
    throw StoreError(
        fmt::format("{} has just become a fleet's copy; {}", store_.directory().string(), advice));
  }

  const KeyStore store_;
  DomainTransaction transaction_;
};

}  // namespace

std::optional<Manifest> FileStore::read_manifest(const canon::DomainName& domain) {
  auto read = files_.read_manifest(domain);
  if (!read) return std::nullopt;
  return std::move(read->manifest);
}

PrivateKey FileStore::load_key(const canon::DomainName& domain, const KeyEntry& entry) {
  return files_.load_key(domain, entry);
}

KeyRecord FileStore::record_of(const canon::DomainName& domain, const KeyEntry& entry,
                               const RecordFlags& flags) {
  return files_.record_of(domain, entry, flags);
}

std::unique_ptr<DomainChange> FileStore::change(const canon::DomainName& domain) {
  return std::make_unique<FileChange>(files_, domain);
}

void FileStore::tidy_up(const canon::DomainName& domain, const Manifest& manifest) {
  if (needs_tidying(files_, domain, manifest)) const DomainTransaction tidying(files_, domain);
}

}  // namespace dkim::crypto
