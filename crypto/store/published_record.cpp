#include "crypto/store/published_record.hpp"

namespace dkim::crypto {

std::string publication_name(const Manifest& manifest, const canon::Selector& selector,
                             const canon::DomainName& domain) {
  const auto* slot = manifest.find_slot(selector);
  return slot != nullptr && !slot->target.empty() ? slot->target : record_name(selector, domain);
}

NamedRecord published_record(const Manifest& manifest, const canon::Selector& selector,
                             const canon::DomainName& domain, const KeyRecord& record) {
  auto published = named_record(selector, domain, record);
  published.name = publication_name(manifest, selector, domain);
  return published;
}

}  // namespace dkim::crypto
