#include "keytool/keys/checked_keys.hpp"

#include "crypto/store/published_record.hpp"
#include "keytool/keys/key_report.hpp"
#include "keytool/keys/slots.hpp"
#include "keytool/keys/stored_keys.hpp"

namespace dkim::keytool {

Verdict verdict_of(const AliasView& view) {
  switch (view.state) {
    case AliasView::State::right:
      return Verdict::right;
    case AliasView::State::missing:
    case AliasView::State::wrong:
      return Verdict::wrong;
    case AliasView::State::unknown:
      return Verdict::unknown;
  }
  return Verdict::unknown;
}

// Nobody has to find the record of a revoked key, but nothing else may be in its place.
Verdict verdict_of_alias(const CheckedKey& key) {
  const bool is_void =
      key.entry.state == crypto::KeyState::revoked && key.view.alias.state == AliasView::State::missing;
  return is_void ? Verdict::right : verdict_of(key.view.alias);
}

Verdict verdict_of(const CheckedKey& key) {
  bool wrong = verdict_of_alias(key) == Verdict::wrong;
  for (const auto& server : key.observation.record.servers)
    wrong = wrong || (server.finding && !is_expected(key.entry.state, server.finding->status));
  if (wrong) return Verdict::wrong;
  const bool unknown = key.view.state == RecordView::State::unknown || !key.view.all_answered ||
                       verdict_of_alias(key) == Verdict::unknown;
  return unknown ? Verdict::unknown : Verdict::right;
}

Checked check_domain(const crypto::KeyStore& store, const canon::DomainName& domain,
                     const std::optional<canon::Selector>& only, const DnsAccess& access) {
  const auto manifest = require_manifest(store, domain);
  if (only) require_key(manifest, domain, *only);
  Observer observer(access, Observer::Misplaced::look_for);
  Checked checked;
  for (const auto& entry : manifest.keys) {
    if (only ? entry.selector != *only : entry.forgotten.has_value()) continue;
    const auto expected = store.record_of(domain, entry, manifest.record);
    CheckedKey key{domain,
                   entry,
                   published_record(manifest, entry.selector, domain, expected),
                   slot_copy(manifest, entry.selector),
                   place_of(manifest, entry.selector, domain),
                   {},
                   {}};
    key.observation = observer.look(key.place, expected);
    key.view = summarize(key.place, key.observation);
    checked.keys.push_back(std::move(key));
  }
  for (const auto& slot : manifest.slots) {
    if (only || slot.target.empty() || !is_free(slot, manifest)) continue;
    CheckedSlot found{domain, slot, place_of(manifest, slot.selector, domain), {}, {}};
    found.observation = observer.look_at_alias(found.place);
    found.view = summarize(found.place, found.observation);
    checked.slots.push_back(std::move(found));
  }
  return checked;
}

}  // namespace dkim::keytool
