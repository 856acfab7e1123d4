#include "crypto/store/file_store.hpp"

#include "crypto/store/domain_transaction.hpp"

namespace dkim::crypto {

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
  return std::make_unique<DomainTransaction>(files_, domain);
}

void FileStore::tidy_up(const canon::DomainName& domain, const Manifest& manifest) {
  if (needs_tidying(files_, domain, manifest)) const DomainTransaction tidying(files_, domain);
}

}  // namespace dkim::crypto
