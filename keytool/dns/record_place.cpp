#include "keytool/dns/record_place.hpp"

#include "crypto/keys/key_record.hpp"

namespace dkim::keytool {

RecordPlace place_of(const crypto::Manifest& manifest, const canon::Selector& selector,
                     const canon::DomainName& domain) {
  const auto* slot = manifest.find_slot(selector);
  return {crypto::record_name(selector, domain), slot == nullptr ? "" : slot->target};
}

}  // namespace dkim::keytool
