#include "keytool/fleet/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

#include "canon/printable.hpp"
#include "crypto/error.hpp"
#include "keytool/dns/at_once.hpp"
#include "keytool/fleet/domain_difference.hpp"
#include "keytool/fleet/local_state.hpp"
#include "keytool/fleet/open_row.hpp"

namespace dkim::keytool::fleet {
namespace {

constexpr int batch_size = 500;
// Opening a key takes a processor, not a disk.
constexpr std::size_t domains_at_once = 8;

StoreStamps stamps_of(const crypto::KeyStore& store) {
  StoreStamps stamps;
  for (auto& domain : store.domains()) {
    if (const auto stamp = store.stamp(domain)) stamps.emplace(std::move(domain), *stamp);
  }
  return stamps;
}

// A batch of rows. Only rows whose domain is here count.
class Batch {
 public:
  Batch(std::vector<DomainRow> rows, StoreStamps& left) : rows_(std::move(rows)) {
    for (const auto& row : rows_) {
      const auto domain = canon::DomainName::parse(row.domain);
      const auto found = domain && domain->str() == row.domain ? left.find(*domain) : left.end();
      if (found == left.end()) {
        ++only_there_;
      } else {
        shared_.push_back({*domain, &row, {}});
        left.erase(found);
      }
    }
  }

  void compare(const crypto::KeyStore& store, const crypto::SealingKeys& keys, const StoreState& state) {
    do_at_once(shared_.size(), domains_at_once, [&](std::size_t i) {
      shared_[i].difference = compare_domain(store, shared_[i].domain, *shared_[i].row, keys, state);
    });
  }

  void add_to(Comparison& comparison) {
    comparison.only_there += only_there_;
    for (auto& domain : shared_) {
      if (domain.difference) {
        comparison.differing.push_back(*std::move(domain.difference));
      } else {
        ++comparison.equal;
      }
    }
  }

 private:
  struct Shared {
    canon::DomainName domain;
    const DomainRow* row;
    std::optional<DomainDifference> difference;
  };

  std::vector<DomainRow> rows_;
  std::vector<Shared> shared_;
  std::size_t only_there_ = 0;
};

std::string unreadable(std::string_view where, const std::exception& error) {
  return fmt::format("{} it cannot be read: {}", where, canon::printable(error.what()));
}

}  // namespace

std::optional<DomainDifference> compare_domain(const crypto::KeyStore& store, const canon::DomainName& domain,
                                               const DomainRow& row, const crypto::SealingKeys& keys,
                                               const StoreState& state) {
  DomainDifference difference{domain, {}};
  std::optional<DomainSide> here;
  std::optional<DomainSide> there;
  try {
    if (const auto local = read_local_state(store, domain)) here = side_of(*local);
  } catch (const crypto::Error& error) {
    difference.lines.push_back(unreadable("here", error));
  }
  try {
    there = side_of(open_row(row, keys, state.sealing_keys).state);
  } catch (const crypto::Error& error) {
    difference.lines.push_back(unreadable("in the fleet", error));
  }
  if (here && there) difference.lines = differences_between(*here, *there);
  if (here && row.is_forgotten) difference.lines.emplace_back("the fleet has forgotten it");
  if (!here && difference.lines.empty()) difference.lines.emplace_back("it is no longer here");
  if (difference.lines.empty()) return std::nullopt;
  return difference;
}

Comparison compare_with_fleet(const crypto::KeyStore& store, FleetDatabase& database,
                              const crypto::SealingKeys& keys, const StoreState& state,
                              const std::function<void(std::size_t, std::size_t)>& progress) {
  Comparison comparison;
  comparison.stamps = stamps_of(store);
  if (comparison.stamps.empty()) return comparison;
  const auto held = store.held();
  auto left = comparison.stamps;
  std::int64_t at = 0;
  // A domain that is changed meanwhile comes once more, with a later number, and then counts as only there.
  for (auto rows = database.changed_since(at, batch_size); !rows.empty();
       rows = database.changed_since(at, batch_size)) {
    at = rows.back().sequence;
    Batch batch(std::move(rows), left);
    batch.compare(held, keys, state);
    batch.add_to(comparison);
    progress(comparison.stamps.size() - left.size(), comparison.stamps.size());
    if (at >= state.sequence) break;
  }
  for (const auto& [domain, stamp] : left)
    comparison.only_here.push_back(domain);
  std::sort(comparison.differing.begin(), comparison.differing.end(),
            [](const auto& a, const auto& b) { return a.domain < b.domain; });
  return comparison;
}

std::optional<canon::DomainName> changed_domain(const crypto::KeyStore& store, const StoreStamps& stamps) {
  const auto now = stamps_of(store);
  for (const auto& [domain, stamp] : now) {
    const auto then = stamps.find(domain);
    if (then == stamps.end() || !(then->second == stamp)) return domain;
  }
  for (const auto& [domain, stamp] : stamps) {
    if (!now.contains(domain)) return domain;
  }
  return std::nullopt;
}

}  // namespace dkim::keytool::fleet
