// The part of SyncPass that compares the copy with the database although nothing has changed there.
#include <fmt/format.h>

#include <algorithm>

#include "canon/printable.hpp"
#include "crypto/settings/settings_source.hpp"
#include "keytool/fleet/differences.hpp"
#include "keytool/fleet/sync_pass_state.hpp"

namespace dkim::keytool::fleet {
namespace {

// 100,000 domains in a day and a half, for a thousandth of a processor.
constexpr std::chrono::seconds between_checks(60);
constexpr int domains_a_check = 50;

std::string newer_reason(const std::string& domain) {
  return fmt::format(
      "what this machine has of it is newer than the fleet's state, and stays until the fleet changes the "
      "domain; dkimkey fleet push --replace {} on this machine takes it into the fleet",
      canon::printable_word(domain, 253));
}

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
    return refused_.contains(row.domain) || row.sequence > pass.membership.sequence || keep_newer(pass, row);
  });
  judge_outcomes(pass, rows, write(pass, rows));
}

// A database that lost a change which this machine had begun to take: that is not undone, and is shown as a
// refusal.
bool SyncPass::keep_newer(Pass& pass, const DomainRow& row) {
  if (!is_newer_here(row)) return false;
  // A dkimkey on this machine may have changed it after the row was read.
  const auto now = pass.database.domain(*canon::DomainName::parse(row.domain));
  if (!now || now->sequence != row.sequence) return true;
  const auto reason = newer_reason(row.domain);
  pass.database.refuse(pass.membership.host, row.domain, reason);
  refused_.insert_or_assign(row.domain, reason);
  surroundings_.refused(row.domain, reason);
  return true;
}

bool SyncPass::is_refused_as_older(const DomainRow& row) const {
  const auto known = refused_.find(row.domain);
  return known != refused_.end() && known->second == newer_reason(row.domain) && is_newer_here(row);
}

bool SyncPass::is_newer_here(const DomainRow& row) const {
  const auto domain = canon::DomainName::parse(row.domain);
  if (!domain || row.is_forgotten) return false;
  try {
    const auto here = store_.read_manifest(*domain);
    return here &&
           !is_newer(crypto::parse_manifest(row.manifest, "the manifest in the database"), here->manifest);
  } catch (const crypto::Error&) {
    return false;  // of either: then the row is tried, and refused
  }
}

}  // namespace dkim::keytool::fleet
