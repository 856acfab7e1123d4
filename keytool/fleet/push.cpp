#include "keytool/fleet/push.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>

#include "canon/printable.hpp"
#include "crypto/error.hpp"
#include "keytool/dns/at_once.hpp"
#include "keytool/fleet/differences.hpp"
#include "keytool/fleet/fleet_access.hpp"
#include "keytool/fleet/local_state.hpp"
#include "keytool/fleet/open_row.hpp"
#include "keytool/fleet/sealed_rows.hpp"

namespace dkim::keytool::fleet {
namespace {

// One transaction each. It holds the row through which all changes of the fleet go, so it is to be short.
constexpr std::size_t batch_size = 100;
// Loading and sealing take a processor.
constexpr std::size_t domains_at_once = 8;

class Push {
 public:
  Push(const crypto::KeyStore& store, FleetDatabase& database, const StoreState& state,
       const crypto::SealingKeys& keys, std::function<void()> announce, PushResult& result)
      : store_(store.held()),
        database_(database),
        state_(state),
        keys_(keys),
        with_(newest_sealing_key(keys, state.sealing_keys)),
        announce_(std::move(announce)),
        result_(result) {}

  void take_in(const std::vector<canon::DomainName>& domains, const Progress& progress) {
    for (std::size_t begin = 0; begin < domains.size(); begin += batch_size) {
      const auto end = std::min(begin + batch_size, domains.size());
      put_new(sealed({domains.begin() + static_cast<std::ptrdiff_t>(begin),
                      domains.begin() + static_cast<std::ptrdiff_t>(end)}));
      progress(end, domains.size());
    }
  }

  // membership: of a machine that is in the fleet already.
  void replace(const canon::DomainName& domain, const std::optional<crypto::Membership>& membership) {
    const auto local = read_local_state(store_, domain);
    if (!local) throw crypto::StoreError(fmt::format("there are no keys for {} here", domain.str()));
    const auto sealed = seal_domain(domain, *local, with_);
    announce_();
    in_transaction([&] {
      const auto row = database_.lock_domain(domain);
      auto difference =
          row ? compare_domain(store_, domain, *row, keys_, state_) : DomainDifference{domain, {"only here"}};
      if (!difference) return;
      if (row && membership) refuse_older(*membership, *row, local->manifest);
      database_.put_domain(domain, sealed.manifest, sealed.keys);
      result_.replaced.push_back(*std::move(difference));
    });
  }

 private:
  // A copy that lags, or whose machine refuses the domain, has an older state of the fleet itself. It is the
  // better one only if the row is no good.
  void refuse_older(const crypto::Membership& membership, const DomainRow& row,
                    const crypto::Manifest& here) {
    const auto refusals = database_.refusals_of(membership.host);
    const auto refusal = std::find_if(refusals.begin(), refusals.end(),
                                      [&](const auto& refused) { return refused.domain == row.domain; });
    const bool is_refused = refusal != refusals.end();
    const bool is_ahead = row.sequence > membership.sequence;
    if (!is_ahead && !is_refused) return;
    try {
      const auto there = open_row(row, keys_, state_.sealing_keys).state.manifest;
      if (!is_ahead && !is_newer(there, here)) return;
    } catch (const RowRefused&) {
      return;
    }
    throw crypto::StoreError(
        fmt::format("this machine's copy of {} is older than the fleet's, which is whole: {}", row.domain,
                    is_refused ? fmt::format("remove what keeps this machine from taking it ({})",
                                             canon::printable(refusal->reason, 500))
                               : std::string("give dkimkey fleet sync --once first")));
  }

  template <typename Work>
  void in_transaction(Work work) {
    auto& connection = database_.connection();
    connection.begin();
    try {
      work();
      connection.commit();
    } catch (...) {
      connection.rollback();
      throw;
    }
  }

  // Names those that cannot be read, and goes on without them.
  std::vector<SealedDomain> sealed(const std::vector<canon::DomainName>& domains) {
    std::vector<std::optional<SealedDomain>> done(domains.size());
    std::vector<std::string> troubles(domains.size());
    do_at_once(domains.size(), domains_at_once, [&](std::size_t i) {
      try {
        if (const auto local = read_local_state(store_, domains[i]))
          done[i] = seal_domain(domains[i], *local, with_);
      } catch (const crypto::OpenSslError&) {
        throw;
      } catch (const crypto::Error& error) {
        troubles[i] = error.what();
      }
    });
    std::vector<SealedDomain> sealed;
    for (std::size_t i = 0; i < domains.size(); ++i) {
      if (!troubles[i].empty()) result_.unreadable.emplace_back(domains[i].str(), troubles[i]);
      if (done[i]) sealed.push_back(*std::move(done[i]));
    }
    return sealed;
  }

  // Another machine may have brought one of them meanwhile: then it is compared, like all that were there.
  void put_new(const std::vector<SealedDomain>& domains) {
    if (domains.empty()) return;
    announce_();
    std::vector<canon::DomainName> came;
    std::size_t pushed = 0;
    in_transaction([&] {
      std::vector<const SealedDomain*> absent;
      // All locks before the first change, in the same order on every machine.
      for (const auto& domain : domains) {
        if (database_.lock_domain(domain.domain)) {
          came.push_back(domain.domain);
        } else {
          absent.push_back(&domain);
        }
      }
      for (const auto* domain : absent)
        database_.put_domain(domain->domain, domain->manifest, domain->keys);
      pushed = absent.size();
    });
    result_.pushed += pushed;
    // Read once more, one after the other: a row may be large.
    for (const auto& domain : came) {
      const auto row = database_.domain(domain);
      if (!row) continue;
      if (auto difference = compare_domain(store_, domain, *row, keys_, state_)) {
        result_.differing.push_back(*std::move(difference));
      } else {
        ++result_.equal;
      }
    }
  }

  const crypto::KeyStore store_;
  FleetDatabase& database_;
  const StoreState& state_;
  const crypto::SealingKeys& keys_;
  const crypto::SealingKey& with_;
  const std::function<void()> announce_;  // before each change
  PushResult& result_;
};

bool is_named(const std::vector<canon::DomainName>& names, const canon::DomainName& domain) {
  return std::find(names.begin(), names.end(), domain) != names.end();
}

}  // namespace

PushResult push(const crypto::KeyStore& store, const FleetSettings& settings, FleetDatabase& database,
                const PushRequest& request) {
  const auto state = database.state();
  const auto keys = read_sealing_keys(settings, state);
  auto membership = own_membership(store, settings, state);
  for (const auto& domain : request.replace) {
    if (!store.stamp(domain))
      throw crypto::StoreError(fmt::format("there are no keys for {} here", domain.str()));
  }
  PushResult result;
  const auto announce_once = [&] {
    if (membership || result.announced) return;
    announce(settings.host, database, request.join.name);
    result.announced = true;
  };
  Push push(store, database, state, keys, announce_once, result);
  if (membership) {
    // What was put back in time is brought up to date first.
    if (resume_membership(store, *membership, database, request.join.name) == Resumed::anew) {
      first_sync(store, settings, database, request.join);
      membership = own_membership(store, settings, state);
    }
    for (const auto& domain : request.replace)
      push.replace(domain, membership);
    result.sync = first_sync(store, settings, database, request.join);
    result.joined = true;
    return result;
  }
  auto comparison = compare_with_fleet(store, database, keys, state, request.join.progress);
  result.equal = comparison.equal;
  push.take_in(comparison.only_here, request.join.progress);
  for (auto& difference : comparison.differing) {
    if (is_named(request.replace, difference.domain)) {
      push.replace(difference.domain, std::nullopt);
    } else {
      result.differing.push_back(std::move(difference));
    }
  }
  if (!result.differing.empty() || !result.unreadable.empty()) return result;
  become_member(store, settings, database, state, request.join.name, comparison.stamps);
  result.joined = true;
  result.sync = first_sync(store, settings, database, request.join);
  return result;
}

}  // namespace dkim::keytool::fleet
