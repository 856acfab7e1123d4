// The settings that decide who signs and what a signature looks like. Both programs read them from the
// configuration file. The socket and the trusted clients are in client_settings, the daemon's own settings in
// milter/config.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "canon/canonicalization.hpp"
#include "canon/domain_name.hpp"
#include "canon/field_policy.hpp"
#include "canon/selector.hpp"
#include "crypto/settings/places.hpp"
#include "crypto/settings/settings_reader.hpp"

namespace dkim::crypto {

// The limits of the setting "expiration", in seconds. Clocks differ by the shorter one; with less, receivers
// would take every signature for expired.
constexpr long long shortest_expiration = 300;
constexpr long long longest_expiration = 10LL * 366 * 24 * 3600;

// Mail from a matching author is signed as this domain instead of the author's own, or not at all.
struct SenderRule {
  // A pattern of the author's whole address, in lower case; * matches any bytes.
  std::string sender;
  // If absent, such mail is not signed.
  std::optional<canon::DomainName> domain;
  // Only these of the domain's active keys and their successors sign; if empty, all do.
  std::vector<canon::Selector> selectors = {};
};

struct SigningSettings {
  std::filesystem::path key_directory = default_key_directory;
  canon::CanonicalizationPair canonicalization{canon::Canonicalization::relaxed,
                                               canon::Canonicalization::relaxed};
  canon::FieldPolicy fields;
  // As written, for --print-config.
  std::vector<std::string> signed_headers;
  std::vector<std::string> oversigned_headers;
  // How long after t= the signature expires (x=); zero: no x=.
  std::chrono::seconds expiration{0};
  // The first rule that matches decides.
  std::vector<SenderRule> rules;
  // Each one that matches adds signatures of its domain to those of the author's. All have a domain.
  std::vector<SenderRule> also_sign;
};

// Reads these settings from the root of a configuration file and leaves other settings to the caller. Throws
// SettingsError.
SigningSettings read_signing_settings(SettingsGroup& root);

}  // namespace dkim::crypto
