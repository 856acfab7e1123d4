// The part of SyncPass that compares the copy with the database although nothing has changed there.
#include <fmt/format.h>

#include <algorithm>

#include "crypto/settings/settings_source.hpp"
#include "keytool/fleet/differences.hpp"
#include "keytool/fleet/sync_pass_state.hpp"

namespace dkim::keytool::fleet {
namespace {

// 100,000 domains in a day and a half, for a thousandth of a processor.
constexpr std::chrono::seconds between_checks(60);
constexpr int domains_a_check = 50;

}  // namespace

void SyncPass::check_copy(Pass& pass) {
  // The first time is a minute after the start.
  if (!checked_at_) checked_at_ = pass.before;
  if (!is_due(checked_at_, pass.before, between_checks)) return;
  checked_at_ = pass.before;
  auto rows = pass.database.domains_behind(last_checked_, domains_a_check);
  last_checked_ = rows.empty() ? std::string() : rows.back().domain;
  std::erase_if(rows, [&](const DomainRow& row) {
    // Refused ones have their own turn, and what has just changed is brought by the next pass.
    return refused_.contains(row.domain) || row.sequence > pass.membership.sequence ||
           is_newer_here(pass, row);
  });
  judge_outcomes(pass, rows, write(pass, rows));
}

// A database that lost a change which this machine had begun to take: nothing is undone, and a person is
// told, once.
bool SyncPass::is_newer_here(Pass& pass, const DomainRow& row) {
  const auto domain = canon::DomainName::parse(row.domain);
  if (!domain) return false;
  try {
    const auto here = store_.read_manifest(*domain);
    const auto there = crypto::parse_manifest(row.manifest, "the manifest in the database");
    // One that was forgotten has no times.
    if (!here || there == crypto::Manifest{} || is_newer(there, here->manifest)) {
      newer_here_.erase(row.domain);
      return false;
    }
  } catch (const crypto::Error&) {
    return false;  // of either: then the row is tried, and refused
  }
  // A dkimkey on this machine may have changed it after the row was read.
  const auto now = pass.database.domain(*domain);
  if (now && now->sequence == row.sequence && newer_here_.insert(row.domain).second) {
    surroundings_.noted(fmt::format(
        "{0}: what this machine has is newer than the fleet's state, and stays; dkimkey fleet push --replace "
        "{0} on this machine takes it into the fleet",
        row.domain));
  }
  return true;
}

}  // namespace dkim::keytool::fleet
