// Turns words of the command line into domains and selectors, and finds the domain if --domain is not given.
// Opens the key store for them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "canon/domain_name.hpp"
#include "canon/selector.hpp"
#include "crypto/store/key_store.hpp"
#include "crypto/store/store_of_record.hpp"
#include "keytool/cli/own_domain.hpp"

namespace dkim::keytool {

// Parse the name of something new, as a person types it (canon/typed_names). Throw UsageError with the
// reason.
canon::DomainName parse_domain(const std::string& text);
canon::Selector parse_selector(const std::string& text);

// Parse the name of something that may exist. A name that is in the store is accepted even if it could not be
// used today, so that an old mistake can be shown and revoked. Any other name is parsed as above. Also throw
// what the store throws.
canon::DomainName pick_named_domain(const std::string& text, crypto::StoreOfRecord& store);
canon::DomainName pick_named_domain(const std::string& text, const crypto::KeyStore& store);
canon::Selector pick_selector(const std::string& text, crypto::StoreOfRecord& store,
                              const canon::DomainName& domain);
canon::Selector pick_selector(const std::string& text, const crypto::KeyStore& store,
                              const canon::DomainName& domain);

// Returns the domain given, or the only one in the store, or that of this host's own mail. Throws UsageError
// if there is none of these.
canon::DomainName pick_domain(const std::optional<std::string>& given, crypto::StoreOfRecord& store,
                              const OwnDomainSources& own = {});
canon::DomainName pick_domain(const std::optional<std::string>& given, const crypto::KeyStore& store,
                              const OwnDomainSources& own = {});

// Returns the store for work on these domains. If there are several, it is held (KeyStore::held), so that the
// way to the key directory is walked and judged once, not for each of a hundred thousand domains; one domain
// gains nothing from that. Throws what held() throws.
crypto::KeyStore store_for(const std::vector<canon::DomainName>& domains, const crypto::KeyStore& by_path);

}  // namespace dkim::keytool
