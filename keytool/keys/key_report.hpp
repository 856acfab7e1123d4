// What list, show, explain and generate say alike of a key of the store.
#pragma once

#include <optional>
#include <string>

#include "canon/domain_name.hpp"
#include "crypto/keys/record_text.hpp"
#include "crypto/store/key_store.hpp"
#include "crypto/store/manifest.hpp"
#include "keytool/output/json.hpp"

namespace dkim::keytool {

// Nothing stays nothing.
std::optional<std::string> time_text(const std::optional<crypto::UtcTime>& time);

// "RSA, 2048 bits", "Ed25519"
std::string kind_text(crypto::Algorithm algorithm, int bits);

// domain, selector, algorithm, bits, state and the four times.
void add_key_members(JsonObject& object, const canon::DomainName& domain, const crypto::KeyEntry& entry);
// name, type, ttl and value (whole, unquoted).
void add_record_members(JsonObject& object, const crypto::NamedRecord& record);

}  // namespace dkim::keytool
