#include "keytool/fleet/status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "canon/printable.hpp"
#include "crypto/error.hpp"
#include "crypto/store/manifest.hpp"
#include "keytool/fleet/history.hpp"

namespace dkim::keytool::fleet {
namespace {

using crypto::KeyState;
using crypto::LaggingSigner;

// Domains whose keys are looked at.
constexpr int most_domains = 1000;
constexpr std::size_t most_unreadable = 20;
constexpr std::size_t most_hosts = 5;

std::string seen_text(const LaggingSigner& signer) {
  if (!signer.last_seen) return "no contact yet";
  return fmt::format("last seen {}", crypto::to_string(*signer.last_seen));
}

std::string host_text(const LaggingSigner& signer) {
  const auto host = canon::printable_word(signer.host, 253);
  if (signer.left) {
    return fmt::format("{} (left, may sign until {})", host,
                       signer.lease_end ? crypto::to_string(*signer.lease_end) : "it is stopped");
  }
  if (!signer.refusal.empty()) return fmt::format("{} (refuses the domain)", host);
  return fmt::format("{} ({})", host, seen_text(signer));
}

// signers: one at least.
std::string hosts_text(const std::vector<const LaggingSigner*>& signers) {
  std::string text;
  for (std::size_t i = 0; i < std::min(signers.size(), most_hosts); ++i)
    text += fmt::format("{}{}", i == 0 ? "" : ", ", host_text(*signers[i]));
  if (signers.size() > most_hosts) text += fmt::format(" and {} more", signers.size() - most_hosts);
  return text;
}

// A machine that left gets no more keys, but may still use those that it has.
std::vector<const LaggingSigner*> of_those(const std::vector<LaggingSigner>& behind, bool with_left) {
  std::vector<const LaggingSigner*> signers;
  for (const auto& signer : behind) {
    if (with_left || !signer.left) signers.push_back(&signer);
  }
  return signers;
}

std::string pending_text(const crypto::KeyEntry& entry) {
  if (!entry.published) return "its record, on every name server";
  return fmt::format("resolvers that remember an older answer; its record has been there since {}",
                     crypto::to_string(*entry.published));
}

std::string retiring_text(const crypto::KeyEntry& entry, std::chrono::seconds drain) {
  if (!entry.stopped) return "dkimkey rotate, to note that no machine uses it any more";
  return fmt::format("mail on its way, until {}", crypto::to_string(*entry.stopped + drain));
}

// Applied changes, and when the next one was made: machines that are at the same change share the question.
class Lags {
 public:
  explicit Lags(FleetDatabase& database) : database_(database) {}

  std::optional<crypto::UtcTime> since(std::int64_t applied) {
    const auto known = since_.find(applied);
    if (known != since_.end()) return known->second;
    return since_.emplace(applied, database_.changed_after(applied)).first->second;
  }

 private:
  FleetDatabase& database_;
  std::map<std::int64_t, std::optional<crypto::UtcTime>> since_;
};

void read_signers(FleetStatus& status, FleetDatabase& database,
                  const std::optional<crypto::Membership>& here) {
  Lags lags(database);
  for (auto& row : database.signers()) {
    SignerStatus signer;
    signer.state = state_of(row, status.store.sequence, status.now);
    // A change may have come since the store's state was read.
    signer.lag = std::max<std::int64_t>(0, status.store.sequence - row.applied);
    const bool counts = signer.lag > 0 && !row.left;
    if (counts) signer.lag_since = lags.since(row.applied);
    signer.is_here = here && here->fleet == status.store.identity && here->host == row.host;
    signer.row = std::move(row);
    status.signers.push_back(std::move(signer));
  }
  status.lacks_this_machine =
      here && here->fleet == status.store.identity &&
      std::none_of(status.signers.begin(), status.signers.end(), [](const auto& one) { return one.is_here; });
}

void read_keys(FleetStatus& status, FleetDatabase& database, const std::vector<RefusedRow>& refusals,
               std::chrono::seconds drain) {
  std::vector<SignerRow> signers;
  auto least = status.store.sequence;
  for (const auto& signer : status.signers) {
    signers.push_back(signer.row);
    if (signer.state != SignerState::left) least = std::min(least, signer.row.applied);
  }
  std::map<std::string_view, std::vector<RefusedRow>> refusals_of;
  for (const auto& refusal : refusals)
    refusals_of[refusal.domain].push_back(refusal);
  const auto rows = database.unsettled(least, most_domains + 1);
  status.is_cut = rows.size() > most_domains;
  for (std::size_t i = 0; i < std::min<std::size_t>(rows.size(), most_domains); ++i) {
    const auto& row = rows[i];
    try {
      const auto manifest = crypto::parse_manifest(row.manifest, "the manifest in the database");
      const auto lagging = behind(signers, refusals_of[row.domain], row.domain, row.sequence, status.now);
      for (const auto& entry : manifest.keys) {
        if (auto key = on_its_way(row.domain, entry, lagging, drain)) status.keys.push_back(*std::move(key));
      }
    } catch (const crypto::SettingsError&) {
      if (status.unreadable.size() < most_unreadable) status.unreadable.push_back(row.domain);
    }
  }
}

}  // namespace

std::optional<KeyOnItsWay> on_its_way(const std::string& domain, const crypto::KeyEntry& entry,
                                      const std::vector<LaggingSigner>& behind, std::chrono::seconds drain) {
  KeyOnItsWay key{domain,
                  entry.selector.str(),
                  std::string(crypto::key_name(entry.algorithm)),
                  std::string(to_string(entry.state)),
                  "",
                  false};
  // Once it was noted that a key is used nowhere, machines that do not have a later change do not use it
  // either.
  const bool is_stopped = entry.state == KeyState::retiring && entry.stopped;
  const auto waits =
      is_stopped ? std::vector<const LaggingSigner*>{} : of_those(behind, entry.state != KeyState::pending);
  key.is_for_machine = !waits.empty();
  switch (entry.state) {
    case KeyState::pending:
      key.waits_for = waits.empty() ? pending_text(entry) : fmt::format("{}, to get it", hosts_text(waits));
      return key;
    case KeyState::retiring:
      key.waits_for = waits.empty() ? retiring_text(entry, drain)
                                    : fmt::format("{}, to stop using it", hosts_text(waits));
      return key;
    case KeyState::revoked:
      if (waits.empty() || entry.forgotten) return std::nullopt;
      key.waits_for = fmt::format("{}, which may still sign with it", hosts_text(waits));
      return key;
    case KeyState::active:
      break;
  }
  return std::nullopt;
}

FleetStatus read_status(FleetDatabase& database, const std::optional<crypto::Membership>& here,
                        std::chrono::seconds drain) {
  FleetStatus status;
  status.store = database.state();
  status.now = database.now();
  if (here) {
    // The agent may have brought the copy further meanwhile, and its mark of before may be gone.
    const auto history = compare_history(database, status.store, *here);
    if (!history.mark_is_gone) status.distrust = history.what;
  }
  read_signers(status, database, here);
  const auto refusals = database.refusals();
  for (const auto& refusal : refusals) {
    const auto signer = std::find_if(status.signers.begin(), status.signers.end(),
                                     [&](const auto& known) { return known.row.host == refusal.host; });
    if (signer != status.signers.end() && !signer->row.left) status.refusals.push_back(refusal);
  }
  read_keys(status, database, refusals, drain);
  return status;
}

FleetHealth health_of(const FleetStatus& status) {
  if (!status.refusals.empty() || !status.unreadable.empty() || status.lacks_this_machine ||
      !status.distrust.empty())
    return FleetHealth::refuses;
  const bool all_current = std::all_of(status.signers.begin(), status.signers.end(), [](const auto& signer) {
    return signer.state == SignerState::current || signer.row.left;
  });
  const bool none_waits = std::none_of(status.keys.begin(), status.keys.end(),
                                       [](const auto& key) { return key.is_for_machine; });
  return all_current && none_waits ? FleetHealth::well : FleetHealth::waits;
}

}  // namespace dkim::keytool::fleet
