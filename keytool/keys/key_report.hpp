// Describes a key of the store in the same words and JSON members for every subcommand.
#pragma once

#include <optional>
#include <string>

#include "canon/domain_name.hpp"
#include "crypto/keys/record_text.hpp"
#include "crypto/store/key_store.hpp"
#include "crypto/store/manifest.hpp"
#include "keytool/output/json.hpp"

namespace dkim::keytool {

// Returns the time as text, or nothing for nothing.
std::optional<std::string> time_text(const std::optional<crypto::UtcTime>& time);

// "RSA, 2048 bits", "Ed25519"
std::string kind_text(crypto::Algorithm algorithm, int bits);

// Adds domain, selector, algorithm, bits, state and the four times.
void add_key_members(JsonObject& object, const canon::DomainName& domain, const crypto::KeyEntry& entry);
// Adds name, type, ttl and value (whole, unquoted).
void add_record_members(JsonObject& object, const crypto::NamedRecord& record);

}  // namespace dkim::keytool
