// Checks the key store: whether dkimsignd can read it, each domain has a key that signs, and the keys are
// strong and young enough. What cannot be read is a finding.
#pragma once

#include <optional>

#include "crypto/error.hpp"
#include "crypto/settings/key_settings.hpp"
#include "crypto/store/key_store.hpp"
#include "keytool/doctor/findings/finding.hpp"
#include "keytool/doctor/host/service_manager.hpp"
#include "keytool/system/file_access.hpp"

namespace dkim::keytool {

// Checks one domain's keys by its manifest, which may be a copy that belongs to a fleet. Pure. What `rotate
// --due` would do counts as overdue only some days later, since a timer may run at any time of its day.
Findings check_keys(const canon::DomainName& domain, const crypto::Manifest& manifest,
                    const crypto::KeySettings& policy, crypto::UtcTime now, ServiceManager manager,
                    bool in_fleet = false);

// Checks that the key directory exists and is not open to others. Without findings it can be read.
Findings check_key_directory(const std::filesystem::path& directory);

// Checks that a domain's manifest and the files of its active and pending keys are intact, and that
// dkimsignd's user can read them. Without such a user on this host, checks only the files.
Findings check_key_files(const crypto::KeyStore& store, const canon::DomainName& domain,
                         const std::optional<Credentials>& daemon);

// Makes a finding about something in the store that cannot be read: broken if root runs this, or else
// unknown.
Finding store_trouble(const std::string& subject, const crypto::Error& error);

}  // namespace dkim::keytool
