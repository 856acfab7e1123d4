// Where a key's record is looked for: at its own name, or at the name to which a slot's CNAME leads. Nothing
// here fails.
#pragma once

#include <string>

#include "canon/domain_name.hpp"
#include "canon/selector.hpp"
#include "crypto/store/manifest.hpp"

namespace dkim::keytool {

// Names have no final dot.
struct RecordPlace {
  std::string name;         // SELECTOR._domainkey.DOMAIN, which receivers ask for
  std::string target = {};  // where a CNAME of the domain's owner has to lead; empty: there need not be one

  // Returns where the record is published.
  const std::string& published() const { return target.empty() ? name : target; }
};

RecordPlace place_of(const crypto::Manifest& manifest, const canon::Selector& selector,
                     const canon::DomainName& domain);

}  // namespace dkim::keytool
