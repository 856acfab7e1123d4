#include "keytool/commands/list_slots.hpp"

#include "crypto/keys/key_record.hpp"
#include "keytool/keys/key_report.hpp"
#include "keytool/keys/slots.hpp"

namespace dkim::keytool {
namespace {

using crypto::Manifest;
using crypto::Slot;

std::optional<std::string> some(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

// The state of the key that the slot has; nothing if it never had one, or if the last one is forgotten.
std::optional<std::string> key_state(const Manifest& manifest, const Slot& slot) {
  const auto* key = manifest.find(slot.selector);
  if (key == nullptr || key->forgotten) return std::nullopt;
  return std::string(to_string(key->state));
}

std::string_view free_text(const Slot& slot, const SlotState& state) {
  if (slot.closed) return state.is_free ? "closed" : "closing";
  return state.is_free ? "yes" : "no";
}

}  // namespace

Table::Row slot_table_head() {
  return {"DOMAIN", "SLOT", "ALGORITHM", "KEY", "FREE", "FROM", "TARGET", "WAITS FOR"};
}

std::vector<Table::Row> slot_rows(const canon::DomainName& domain, const Manifest& manifest,
                                  const SlotTimes& times) {
  std::vector<Table::Row> rows;
  for (const auto& slot : manifest.slots) {
    const auto state = state_of(manifest, slot.selector, times);
    rows.push_back({domain.str(), slot.selector.str(), std::string(crypto::key_name(slot.algorithm)),
                    key_state(manifest, slot).value_or("-"), std::string(free_text(slot, state)),
                    time_text(state.from).value_or("-"), some(slot.target).value_or("-"),
                    some(state.waits_for).value_or("-")});
  }
  return rows;
}

std::vector<JsonObject> slot_objects(const canon::DomainName& domain, const Manifest& manifest,
                                     const SlotTimes& times) {
  std::vector<JsonObject> objects;
  for (const auto& slot : manifest.slots) {
    const auto state = state_of(manifest, slot.selector, times);
    auto& object = objects.emplace_back();
    object.text("domain", domain.str());
    object.text("selector", slot.selector.str());
    object.text("algorithm", crypto::key_name(slot.algorithm));
    object.optional_text("state", key_state(manifest, slot));
    object.text("name", crypto::record_name(slot.selector, domain));
    object.optional_text("slot_target", some(slot.target));
    object.boolean("closed", slot.closed);
    object.boolean("free", state.is_free && !slot.closed);
    object.optional_text("free_from", time_text(state.from));
    object.optional_text("waits_for", some(state.waits_for));
  }
  return objects;
}

}  // namespace dkim::keytool
