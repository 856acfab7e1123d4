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

// Returns the slot with the selector, if there is one.
std::optional<crypto::Slot> slot_copy(const crypto::Manifest& manifest, const canon::Selector& selector);

// Adds domain, selector, algorithm, bits, state, the four times, whether the selector is a slot, and the name
// to which the slot's CNAME leads.
void add_key_members(JsonObject& object, const canon::DomainName& domain, const crypto::KeyEntry& entry,
                     const std::optional<crypto::Slot>& slot);
// Adds the same members without values.
void add_null_key_members(JsonObject& object);
// Adds name, type, ttl and value (whole, unquoted).
void add_record_members(JsonObject& object, const crypto::NamedRecord& record);

}  // namespace dkim::keytool
