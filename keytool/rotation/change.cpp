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
      const auto& replaces = key.replaces;
      if (std::find(replaces.begin(), replaces.end(), old.id()) == replaces.end())
        key.replaces.push_back(old.id());
    }
  }

  void operator()(const NoteStopped& note) const { entry_of(manifest, note.selector).stopped = now; }

  void operator()(const Revoke& revoke) const {
    auto& key = entry_of(manifest, revoke.selector);
    key.state = KeyState::revoked;
    key.revoked = now;
  }

  void operator()(const Forget& forget) const { entry_of(manifest, forget.selector).forgotten = now; }

  // A slot in which something is found that is not empty is not free, either.
  void operator()(const NoteEmptied& note) const {
    auto& key = entry_of(manifest, note.selector);
    key.emptied = note.since;
    if (!note.since) key.forgotten.reset();
  }

  void operator()(const NoteMemory& note) const { entry_of(manifest, note.selector).memory = note.memory; }
};

}  // namespace

void apply_change(const Change& change, crypto::Manifest& manifest, UtcTime now) {
  std::visit(ManifestChange{manifest, now}, change);
}

}  // namespace dkim::keytool
