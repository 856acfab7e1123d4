#include "crypto/store/domain_transaction.hpp"

#include <fmt/format.h>

#include "crypto/error.hpp"
#include "crypto/store/published_record.hpp"
#include "crypto/store/slot_use.hpp"

namespace dkim::crypto {

DomainTransaction::DomainTransaction(const KeyStore& store, canon::DomainName domain)
    : files_(store, std::move(domain)), manifest_(files_.manifest().value_or(Manifest{})) {}

void DomainTransaction::add_key(KeyEntry entry, const PrivateKey& key) {
  take_selector(manifest_, files_.domain(), entry);
  auto key_file = files_.key_file(entry);
  refuse_unknown_file(key_file);
  if (entry.use == 1) refuse_unknown_file(files_.record_file(entry.selector));
  files_.add_key(std::move(key_file), key.to_pem());
  stage_record(entry.selector, make_record(key, manifest_.record));
  manifest_.keys.push_back(std::move(entry));
}

void DomainTransaction::refuse_unknown_file(const std::string& name) const {
  if (!files_.directory().has(name)) return;
  throw StoreError(fmt::format("{} is there but not in the manifest, and is left as it is",
                               (files_.directory().path() / name).string()));
}

void DomainTransaction::rewrite_record(const KeyEntry& entry) {
  stage_record(entry.selector, files_.store().record_of(files_.domain(), entry, manifest_.record));
}

void DomainTransaction::stage_record(const canon::Selector& selector, const KeyRecord& record) {
  records_.insert_or_assign(files_.record_file(selector),
                            zone_text(published_record(manifest_, selector, files_.domain(), record)));
}

void DomainTransaction::commit() {
  for (const auto& [name, text] : records_)
    files_.put_record(name, text);
  files_.commit(manifest_);
}

}  // namespace dkim::crypto
