// The settings that decide what a signature looks like: those of the configuration file that both programs
// read. The daemon's own (sockets, trust, logging) are in milter/config.
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
#include "crypto/settings/settings_reader.hpp"

namespace dkim::crypto {

// Mail whose author matches is signed as domain, not as the author's own; or not at all.
struct SenderRule {
  // Of the author's whole address, * standing for any octets; in lower case.
  std::string sender;
  // Nothing: such mail is not signed.
  std::optional<canon::DomainName> domain;
  // Only these of the domain's active keys, and those that came in their place; empty for all.
  std::vector<canon::Selector> selectors = {};
};

struct SigningSettings {
  std::filesystem::path key_directory = "/etc/dkimsignd/keys";
  canon::CanonicalizationPair canonicalization{canon::Canonicalization::relaxed,
                                               canon::Canonicalization::relaxed};
  canon::FieldPolicy fields;
  // As written, to be shown again.
  std::vector<std::string> signed_headers;
  std::vector<std::string> oversigned_headers;
  // x= that long after t=; zero leaves x= out.
  std::chrono::seconds expiration{0};
  // The first that matches decides.
  std::vector<SenderRule> rules;
};

// Reads them from the root of a configuration file; other settings there are left to the caller. Throws
// SettingsError.
SigningSettings read_signing_settings(SettingsGroup& root);

}  // namespace dkim::crypto
