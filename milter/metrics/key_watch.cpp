#include "milter/metrics/key_watch.hpp"

#include <algorithm>
#include <ctime>
#include <utility>

#include "crypto/error.hpp"

namespace dkim::milter {

StoreReport KeyWatch::look(const crypto::KeyStore& store, const KeyCache& used, std::size_t most_domains) {
  StoreReport report;
  report.lease_end = used.lease_end();
  std::optional<std::vector<canon::DomainName>> all;
  try {
    all = store.domains_up_to(most_domains);
  } catch (const crypto::Error&) {
    report.readable = false;
    all.emplace();
  }
  report.cut = !all.has_value();
  KnownDomains known;
  for (auto& domain : all ? *std::move(all) : recently_used(used, most_domains)) {
    const auto now = known_now(store, domain);
    if (!now) continue;
    report.domains.push_back({domain, now->manifest});
    known.emplace(std::move(domain), *now);
  }
  known_ = std::move(known);
  return report;
}

// Domains that are shown stay as long as they are used, so that series do not come and go each time.
std::vector<canon::DomainName> KeyWatch::recently_used(const KeyCache& used, std::size_t most) const {
  const auto recent = used.recent(4 * most);
  std::vector<canon::DomainName> out;
  std::vector<canon::DomainName> others;
  for (const auto& name : recent) {
    auto domain = canon::DomainName::parse(name);
    if (!domain) continue;
    (known_.contains(*domain) ? out : others).push_back(*std::move(domain));
  }
  for (auto& domain : others)
    out.push_back(std::move(domain));
  if (out.size() > most) out.erase(out.begin() + static_cast<std::ptrdiff_t>(most), out.end());
  std::sort(out.begin(), out.end());
  return out;
}

std::optional<KeyWatch::Known> KeyWatch::known_now(const crypto::KeyStore& store,
                                                   const canon::DomainName& domain) const {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  Known unreadable;
  try {
    const auto stamp = store.stamp(domain);
    if (!stamp) return std::nullopt;
    const auto before = known_.find(domain);
    if (before != known_.end() && before->second.settled && before->second.stamp == *stamp)
      return before->second;
    // A damaged manifest is not read again until it changes: libconfig leaks some bytes with each syntax
    // error.
    unreadable = {*stamp, stamp->is_settled_at(now), nullptr};
    auto read = store.read_manifest(domain);
    if (!read) return std::nullopt;
    return Known{read->stamp, read->settled,
                 std::make_shared<const crypto::Manifest>(std::move(read->manifest))};
  } catch (const crypto::Error&) {
    return unreadable;
  }
}

}  // namespace dkim::milter
