#include "keytool/rotation/change.hpp"

#include <algorithm>

namespace dkim::keytool {
namespace {

using crypto::KeyEntry;
using crypto::KeyState;
using crypto::UtcTime;

KeyEntry& entry_of(crypto::Manifest& manifest, const canon::Selector& selector) {
  return *std::find_if(manifest.keys.begin(), manifest.keys.end(),
                       [&](const KeyEntry& key) { return key.selector == selector; });
}

struct ManifestChange {
  crypto::Manifest& manifest;
  UtcTime now;

  void operator()(const MakeKey&) const {}

  void operator()(const NotePublished& note) const {
    entry_of(manifest, note.selector).published = note.since;
  }

  void operator()(const Activate& activate) const {
    auto& key = entry_of(manifest, activate.selector);
    key.state = KeyState::active;
    key.activated = now;
    for (const auto& selector : activate.retire) {
      auto& old = entry_of(manifest, selector);
      old.state = KeyState::retiring;
      old.retired = now;
      if (!overlap(key.replaces, {selector})) key.replaces.push_back(selector);
    }
  }

  void operator()(const Revoke& revoke) const {
    auto& key = entry_of(manifest, revoke.selector);
    key.state = KeyState::revoked;
    key.revoked = now;
  }

  void operator()(const Forget& forget) const { entry_of(manifest, forget.selector).forgotten = now; }

  void operator()(const NoteEmptied& note) const { entry_of(manifest, note.selector).emptied = note.since; }

  void operator()(const NoteMemory& note) const { entry_of(manifest, note.selector).memory = note.memory; }
};

}  // namespace

void apply_change(const Change& change, crypto::Manifest& manifest, UtcTime now) {
  std::visit(ManifestChange{manifest, now}, change);
}

}  // namespace dkim::keytool
