#include "keytool/fleet/domain_difference.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "crypto/digest.hpp"

namespace dkim::keytool::fleet {
namespace {

using crypto::KeyEntry;
using crypto::Manifest;

// Enough to tell keys apart, and short enough to compare by eye.
constexpr std::size_t digest_bytes = 8;

std::string yes_or_no(bool value) {
  return value ? "yes" : "no";
}

std::string replaced_text(const KeyEntry& entry) {
  std::vector<std::string> names;
  for (const auto& older : entry.replaces)
    names.push_back(
        fmt::format("{}{}", older.selector.str(), older.use > 1 ? fmt::format("+{}", older.use) : ""));
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string flags_text(const Manifest& manifest) {
  const auto& flags = manifest.record;
  return fmt::format("subdomains {}, t=s {}, t=y {}, s=email {}, h={}, n={}", yes_or_no(manifest.subdomains),
                     yes_or_no(flags.strict), yes_or_no(flags.test), yes_or_no(flags.email_only),
                     flags.hashes, flags.note);
}

std::string slots_text(const Manifest& manifest) {
  std::vector<std::string> slots;
  for (const auto& slot : manifest.slots) {
    slots.push_back(fmt::format("{} ({}{}{})", slot.selector.str(), crypto::key_name(slot.algorithm),
                                slot.target.empty() ? "" : " at " + slot.target,
                                slot.closed ? ", closed" : ""));
  }
  return slots.empty() ? "none" : fmt::format("{}", fmt::join(slots, ", "));
}

// In a slot, the same selector has one key after another.
std::string name_of(const KeyEntry& entry) {
  return entry.use == 1 ? entry.selector.str()
                        : fmt::format("{} (its key number {})", entry.selector.str(), entry.use);
}

const KeyEntry* entry_of(const Manifest& manifest, const crypto::KeyId& id) {
  const auto found = std::find_if(manifest.keys.begin(), manifest.keys.end(),
                                  [&](const auto& entry) { return entry.id() == id; });
  return found == manifest.keys.end() ? nullptr : &*found;
}

const std::string& digest_of(const DomainSide& side, const KeyEntry& entry) {
  return side.keys.at(static_cast<std::size_t>(&entry - side.manifest.keys.data()));
}

void add_entry_differences(std::vector<std::string>& lines, const DomainSide& here, const KeyEntry& entry,
                           const DomainSide& there, const KeyEntry& other) {
  const auto name = name_of(entry);
  const auto& own_key = digest_of(here, entry);
  const auto& other_key = digest_of(there, other);
  // With another key all else is another key's, too, and is shown with it.
  if (!own_key.empty() && !other_key.empty() && own_key != other_key) {
    lines.push_back(
        fmt::format("{}: two different keys have this name: here {} {}, key {}; in the fleet {} {}, key {}",
                    name, crypto::key_name(entry.algorithm), key_text(entry), own_key,
                    crypto::key_name(other.algorithm), key_text(other), other_key));
    return;
  }
  if (entry == other) return;
  const auto own_text = key_text(entry);
  const auto other_text = key_text(other);
  if (own_text != other_text)
    lines.push_back(fmt::format("{}: here {}; in the fleet {}", name, own_text, other_text));
  if (entry.algorithm != other.algorithm || entry.bits != other.bits) {
    lines.push_back(fmt::format("{}: here {} of {} bits; in the fleet {} of {} bits", name,
                                crypto::key_name(entry.algorithm), entry.bits,
                                crypto::key_name(other.algorithm), other.bits));
  }
  if (entry.replaces != other.replaces) {
    lines.push_back(fmt::format("{}: here it replaces ({}); in the fleet ({})", name, replaced_text(entry),
                                replaced_text(other)));
  }
}

}  // namespace

std::string key_digest(const crypto::PrivateKey& key) {
  const auto bytes = key.public_key();
  crypto::Sha256 hash;
  hash.update({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const auto digest = hash.finish();
  return fmt::format("{:02x}", fmt::join(digest.begin(), digest.begin() + digest_bytes, ""));
}

DomainSide side_of(const crypto::DomainState& state) {
  DomainSide side{state.manifest, {}};
  for (const auto& entry : state.manifest.keys) {
    const auto key = std::find_if(state.keys.begin(), state.keys.end(),
                                  [&](const auto& copied) { return copied.id == entry.id(); });
    const bool has_key = entry.state != crypto::KeyState::revoked && key != state.keys.end();
    side.keys.push_back(has_key ? key_digest(key->key) : "");
  }
  return side;
}

std::string key_text(const KeyEntry& entry) {
  std::vector<std::string> times{fmt::format("created {}", crypto::to_string(entry.created))};
  const auto add = [&](std::string_view what, const std::optional<crypto::UtcTime>& time) {
    if (time) times.push_back(fmt::format("{} {}", what, crypto::to_string(*time)));
  };
  add("published", entry.published);
  add("activated", entry.activated);
  add("retired", entry.retired);
  add("used nowhere since", entry.stopped);
  add("revoked", entry.revoked);
  add("emptied", entry.emptied);
  add("forgotten", entry.forgotten);
  if (entry.memory.count() != 0) times.push_back(fmt::format("remembered for {}s", entry.memory.count()));
  return fmt::format("{} ({})", to_string(entry.state), fmt::join(times, ", "));
}

std::vector<std::string> differences_between(const DomainSide& here, const DomainSide& there) {
  std::vector<std::string> lines;
  for (const auto& entry : here.manifest.keys) {
    if (const auto* other = entry_of(there.manifest, entry.id())) {
      add_entry_differences(lines, here, entry, there, *other);
    } else {
      lines.push_back(fmt::format("{}: only here, {}", name_of(entry), key_text(entry)));
    }
  }
  for (const auto& entry : there.manifest.keys) {
    if (entry_of(here.manifest, entry.id()) == nullptr)
      lines.push_back(fmt::format("{}: only in the fleet, {}", name_of(entry), key_text(entry)));
  }
  const auto add = [&](std::string_view what, const std::string& own, const std::string& other) {
    lines.push_back(fmt::format("{}: here {}; in the fleet {}", what, own, other));
  };
  if (here.manifest.subdomains != there.manifest.subdomains || here.manifest.record != there.manifest.record)
    add("the records' flags", flags_text(here.manifest), flags_text(there.manifest));
  if (here.manifest.slots != there.manifest.slots)
    add("slots", slots_text(here.manifest), slots_text(there.manifest));
  // What only the order of the keys tells apart, or what a newer dkimkey knows.
  if (lines.empty() && !(here == there)) lines.emplace_back("the two manifests are not the same");
  return lines;
}

}  // namespace dkim::keytool::fleet
