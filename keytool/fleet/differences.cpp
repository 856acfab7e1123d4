#include "keytool/fleet/differences.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "canon/printable.hpp"
#include "crypto/settings/settings_source.hpp"

namespace dkim::keytool::fleet {
namespace {

constexpr int batch_size = 500;
constexpr std::size_t most_keys_named = 8;

// Nothing: it cannot be read.
using Read = std::optional<crypto::Manifest>;

Read read_row(const DomainRow& row) {
  try {
    return crypto::parse_manifest(row.manifest, "the manifest in the database");
  } catch (const crypto::Error&) {
    return std::nullopt;
  }
}

// Returns an empty manifest for a domain that is not there.
Read read_here(const crypto::KeyStore& store, const canon::DomainName& domain) {
  try {
    auto read = store.read_manifest(domain);
    return read ? std::move(read->manifest) : crypto::Manifest{};
  } catch (const crypto::Error&) {
    return std::nullopt;
  }
}

// Counts only times that are never cleared; those of what DNS was seen to serve may be.
crypto::UtcTime last_change(const crypto::Manifest& manifest) {
  crypto::UtcTime last{};
  for (const auto& key : manifest.keys) {
    last = std::max(last, key.created);
    for (const auto& time : {key.activated, key.retired, key.stopped, key.revoked})
      last = std::max(last, time.value_or(last));
  }
  return last;
}

std::string list_keys(const Read& manifest) {
  if (!manifest) return "a manifest that cannot be read";
  if (manifest->keys.empty()) return "nothing";
  std::string list;
  // The newest ones are at the end.
  const auto skipped = manifest->keys.size() - std::min(manifest->keys.size(), most_keys_named);
  if (skipped > 0) list = fmt::format("{} older keys, ", skipped);
  for (std::size_t i = skipped; i < manifest->keys.size(); ++i) {
    const auto& key = manifest->keys[i];
    list += fmt::format("{}{} {}", i == skipped ? "" : ", ", key.selector.str(), to_string(key.state));
  }
  return list;
}

// The one thing that makes the database's state dangerous: receivers no longer have the record.
std::string list_revived(const Read& here, const Read& there) {
  std::string list;
  if (!here || !there) return list;
  for (const auto& key : here->keys) {
    const auto* const other = there->find(key.selector);
    if (key.state != crypto::KeyState::revoked || other == nullptr || other->use != key.use ||
        other->state == crypto::KeyState::revoked)
      continue;
    list += fmt::format("{}{}", list.empty() ? "" : ", ", key.selector.str());
  }
  return list.empty() ? list : fmt::format("; the records of {} may be empty in DNS already", list);
}

Difference difference_of(const std::string& domain, Difference::Kind kind, const Read& here,
                         const Read& there) {
  return {domain, kind, here && (!there || is_newer(*here, *there)),
          fmt::format("here {}; in the database {}{}", list_keys(here), list_keys(there),
                      list_revived(here, there)),
          false};
}

}  // namespace

bool is_newer(const crypto::Manifest& here, const crypto::Manifest& there) {
  return last_change(here) >= last_change(there);
}

void for_each_difference(const crypto::KeyStore& store, FleetDatabase& database,
                         const std::function<void(const Difference&)>& call,
                         const std::function<void()>& looked) {
  using Kind = Difference::Kind;
  const auto held = store.held();
  std::unordered_set<std::string> there;
  std::int64_t at = 0;
  for (auto rows = database.changed_since(at, batch_size); !rows.empty();
       rows = database.changed_since(at, batch_size)) {
    at = rows.back().sequence;
    for (const auto& row : rows) {
      looked();
      const auto name = canon::DomainName::parse(row.domain);
      if (!name || name->str() != row.domain) {
        call({canon::printable_word(row.domain, 253), Kind::only_there, false, "is not the name of a domain",
              false});
        continue;
      }
      there.insert(row.domain);
      const auto has = read_row(row);
      const auto own = read_here(held, *name);
      if (own && has && *own == *has && !row.is_forgotten) continue;
      if (own && own->keys.empty() && row.is_forgotten) continue;
      const bool is_here = !own || !own->keys.empty();
      auto difference = difference_of(row.domain, is_here ? Kind::differs : Kind::only_there, own, has);
      difference.is_forgotten_there = row.is_forgotten;
      if (row.is_forgotten) difference.what += "; the fleet has forgotten it";
      call(difference);
    }
  }
  for (const auto& domain : held.domains()) {
    looked();
    if (!there.contains(domain.str()))
      call(difference_of(domain.str(), Kind::only_here, read_here(held, domain), crypto::Manifest{}));
  }
}

}  // namespace dkim::keytool::fleet
