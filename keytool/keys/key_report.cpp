#include "keytool/keys/key_report.hpp"

#include <fmt/format.h>

#include "crypto/keys/key_record.hpp"

namespace dkim::keytool {

std::optional<std::string> time_text(const std::optional<crypto::UtcTime>& time) {
  if (!time) return std::nullopt;
  return crypto::to_string(*time);
}

std::string kind_text(crypto::Algorithm algorithm, int bits) {
  switch (algorithm) {
    case crypto::Algorithm::rsa:
      return fmt::format("RSA, {} bits", bits);
    case crypto::Algorithm::ed25519:
      return "Ed25519";
  }
  return "unknown";
}

std::optional<crypto::Slot> slot_copy(const crypto::Manifest& manifest, const canon::Selector& selector) {
  const auto* slot = manifest.find_slot(selector);
  return slot == nullptr ? std::nullopt : std::optional(*slot);
}

void add_key_members(JsonObject& object, const canon::DomainName& domain, const crypto::KeyEntry& entry,
                     const std::optional<crypto::Slot>& slot) {
  object.text("domain", domain.str());
  object.text("selector", entry.selector.str());
  object.text("algorithm", crypto::key_name(entry.algorithm));
  object.number("bits", entry.bits);
  object.text("state", to_string(entry.state));
  object.text("created", crypto::to_string(entry.created));
  object.optional_text("activated", time_text(entry.activated));
  object.optional_text("retired", time_text(entry.retired));
  object.optional_text("revoked", time_text(entry.revoked));
  object.boolean("slot", slot.has_value());
  object.optional_text("slot_target",
                       slot && !slot->target.empty() ? std::optional(slot->target) : std::nullopt);
}

void add_null_key_members(JsonObject& object) {
  for (const auto* name : {"domain", "selector", "algorithm", "bits", "state", "created", "activated",
                           "retired", "revoked", "slot", "slot_target"})
    object.null(name);
}

void add_record_members(JsonObject& object, const crypto::NamedRecord& record) {
  object.text("name", record.name);
  object.text("type", "TXT");
  object.number("ttl", record.ttl);
  object.text("value", record.value);
}

}  // namespace dkim::keytool
