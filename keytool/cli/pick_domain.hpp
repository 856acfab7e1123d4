// Which domain is meant where --domain does not say it, and other words of the command line as names.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "canon/domain_name.hpp"
#include "canon/selector.hpp"
#include "crypto/store/key_store.hpp"

namespace dkim::keytool {

constexpr const char* mailname_file = "/etc/mailname";

// Names for something new, as a person types them (canon/typed_names). Throw UsageError with the reason.
canon::DomainName parse_domain(const std::string& text);
canon::Selector parse_selector(const std::string& text);

// Names for what may be there already: a name that the store has is taken as it is, whatever it looks like,
// so that a slip of older days can be shown and revoked. Throw UsageError with the reason for any other that
// the above refuse, and what the store throws.
canon::DomainName pick_named_domain(const std::string& text, const crypto::KeyStore& store);
canon::Selector pick_selector(const std::string& text, const crypto::KeyStore& store,
                              const canon::DomainName& domain);

// The domain given, else the only one in the store, else the one that the mailname file names (Debian's
// name of this host in mail). Throws UsageError if none of them tells.
canon::DomainName pick_domain(const std::optional<std::string>& given, const crypto::KeyStore& store,
                              const std::filesystem::path& mailname = mailname_file);

}  // namespace dkim::keytool
