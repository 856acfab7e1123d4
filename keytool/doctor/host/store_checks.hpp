// The key store: can the daemon read it, does each domain have a key that signs, are the keys strong and
// young enough?
#pragma once

#include <optional>

#include "crypto/settings/key_settings.hpp"
#include "crypto/store/key_store.hpp"
#include "keytool/doctor/findings/finding.hpp"
#include "keytool/system/file_access.hpp"

namespace dkim::keytool {

// One domain's keys by its manifest; pure. What `rotate --due` would do is due; it counts as not done only
// some days later, since a timer may be anywhere within its day.
Findings check_keys(const canon::DomainName& domain, const crypto::Manifest& manifest,
                    const crypto::KeySettings& policy, crypto::UtcTime now);

// The key directory itself: there, and not open to others. Nothing found: it can be read.
Findings check_key_directory(const std::filesystem::path& directory);

// A domain's manifest and the files of its active and pending keys: whole, and readable by the daemon's
// user. The user is nothing where there is none on this host; then only the files are looked at.
Findings check_key_files(const crypto::KeyStore& store, const canon::DomainName& domain,
                         const std::optional<Credentials>& daemon);

// What of the store cannot be read: a fault to root; to others, root's to see.
Finding store_trouble(const std::string& subject, const std::string& what);

}  // namespace dkim::keytool
