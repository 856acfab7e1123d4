// Which domain is meant where --domain does not say it, and other words of the command line as names.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "canon/domain_name.hpp"
#include "canon/selector.hpp"
#include "crypto/key_store.hpp"

namespace dkim::keytool {

constexpr const char* mailname_file = "/etc/mailname";

// Throw UsageError with the reason.
canon::DomainName parse_domain(const std::string& text);
canon::Selector parse_selector(const std::string& text);

// The domain given, else the only one in the store, else the one that the mailname file names (Debian's
// name of this host in mail). Throws UsageError if none of them tells.
canon::DomainName pick_domain(const std::optional<std::string>& given, const crypto::KeyStore& store,
                              const std::filesystem::path& mailname = mailname_file);

}  // namespace dkim::keytool
