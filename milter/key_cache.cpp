#include "milter/key_cache.hpp"

#include <algorithm>

#include "crypto/error.hpp"

namespace dkim::milter {
namespace {

// How often a manifest is read while it keeps changing. A change takes dkimkey longer than a reading takes
// us, but on a busy machine we may come too late several times in a row.
constexpr int most_readings = 20;

}  // namespace

std::shared_ptr<const crypto::DomainKeys> KeyCache::find(const canon::DomainName& domain) {
  auto keys = keys_of(domain);
  // Mail that has no key to be signed with needs no lease.
  if (keys != nullptr && !keys->active.empty()) lease_.require();
  return keys;
}

std::shared_ptr<const crypto::DomainKeys> KeyCache::keys_of(const canon::DomainName& domain) {
  for (int readings = 1;; ++readings) {
    const auto stamp = store_.stamp(domain);
    if (!stamp) {
      forget(domain.str());
      metrics_.cache_absent();
      return nullptr;
    }
    if (auto keys = cached(domain.str(), *stamp)) return keys;
    if (readings == 1) metrics_.cache_miss();

    // Without the lock: two threads may read the same domain, but no thread waits for another's disk.
    auto read = read_manifest(domain, *stamp);
    if (!read) return nullptr;
    try {
      auto keys = std::make_shared<const crypto::DomainKeys>(
          crypto::load_domain_keys(store_, domain, std::move(read->manifest)));
      keep({domain.str(), read->stamp, read->settled, keys, {}});
      return keys;
    } catch (const crypto::KeyFileError&) {
      // dkimkey may have revoked the key and destroyed it since the manifest was read. Then the new manifest
      // says what signs now.
      if (readings == most_readings || store_.stamp(domain) == read->stamp) throw;
    }
  }
}

std::size_t KeyCache::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

std::vector<std::string> KeyCache::recent(std::size_t most) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  out.reserve(std::min(most, entries_.size()));
  for (auto entry = entries_.begin(); entry != entries_.end() && out.size() < most; ++entry)
    out.push_back(entry->domain);
  return out;
}

std::shared_ptr<const crypto::DomainKeys> KeyCache::cached(const std::string& domain,
                                                           const crypto::FileStamp& stamp) {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find(domain);
  if (found == index_.end() || !found->second->settled || !(found->second->stamp == stamp)) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  metrics_.cache_hit();
  if (!found->second->damage.empty()) throw crypto::SettingsError(found->second->damage);
  return found->second->keys;
}

// Parses a damaged manifest once, and not for each message: libconfig leaks some bytes with each syntax
// error.
std::optional<crypto::StampedManifest> KeyCache::read_manifest(const canon::DomainName& domain,
                                                               const crypto::FileStamp& stamp) {
  const auto now = crypto::file_clock_now();
  try {
    return store_.read_manifest(domain);
  } catch (const crypto::SettingsError& error) {
    // The stamp was taken before the reading: if the file changed in between, the stamp no longer matches.
    keep({domain.str(), stamp, stamp.is_settled_at(now), nullptr, error.what()});
    throw;
  }
}

void KeyCache::keep(Entry entry) {
  const std::lock_guard lock(mutex_);
  if (const auto found = index_.find(entry.domain); found != index_.end()) {
    entries_.erase(found->second);
    index_.erase(found);
  }
  entries_.push_front(std::move(entry));
  index_.emplace(entries_.front().domain, entries_.begin());
  while (entries_.size() > capacity_) {
    index_.erase(entries_.back().domain);
    entries_.pop_back();
    metrics_.cache_evicted();
  }
}

void KeyCache::forget(const std::string& domain) {
  const std::lock_guard lock(mutex_);
  if (const auto found = index_.find(domain); found != index_.end()) {
    entries_.erase(found->second);
    index_.erase(found);
  }
}

}  // namespace dkim::milter
