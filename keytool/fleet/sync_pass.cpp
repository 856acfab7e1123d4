#include "keytool/fleet/sync_pass.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "canon/printable.hpp"
#include "keytool/fleet/history.hpp"
#include "keytool/fleet/member.hpp"
#include "keytool/fleet/sync_pass_state.hpp"

namespace dkim::keytool::fleet {
namespace {

using crypto::UtcTime;
using std::chrono::seconds;

// Bounds the memory of a pass, and what is done twice if one is interrupted.
constexpr int batch_size = 200;
constexpr seconds between_tries(60);
constexpr std::size_t longest_reason = 500;
constexpr std::size_t most_retry_bytes = 16 << 20;

// Returns the row as it is if its name is not that of a domain: it is refused once more.
std::optional<DomainRow> row_of(FleetDatabase& database, const std::string& name) {
  if (const auto domain = canon::DomainName::parse(name)) return database.domain(*domain);
  const auto rows = database.connection().run("SELECT 1 FROM dkimsignd.domains WHERE domain = $1", {name});
  return rows.size() > 0 ? std::optional(DomainRow{name, 0, "", {}}) : std::nullopt;
}

std::size_t size_of(const DomainRow& row) {
  auto size = row.manifest.size();
  for (const auto& key : row.keys)
    size += key.sealed.sealed.size();
  return size;
}

std::string list_sealing_keys(const crypto::SealingKeys& keys) {
  std::string list;
  for (const auto& key : keys.all())
    list += fmt::format("{}{}:{}", list.empty() ? "" : " ", key.number, key.fingerprint());
  return list;
}

}  // namespace

SyncPass::SyncPass(crypto::KeyStore store, FleetSettings settings, std::string version,
                   Surroundings surroundings)
    : store_(std::move(store)),
      settings_(std::move(settings)),
      version_(std::move(version)),
      surroundings_(std::move(surroundings)) {}

void SyncPass::begin_connection() {
  // Meanwhile the machine may have been put back in time, its memory included, or another one may have come
  // under its name.
  reported_at_.reset();
}

SyncResult SyncPass::run(FleetDatabase& database) {
  Pass pass(database, store_, surroundings_.now());
  require_own_name(pass.membership, settings_);
  pass.state = database.state();
  pass.result.applied = pass.membership.sequence;
  pass.result.newest = pass.state.sequence;
  pass.result.contact = pass.membership.contact;
  auto history = compare_history(database, pass.state, pass.membership);
  if (history.mark_is_gone && has_reported_more(pass, database.signer(pass.membership.host))) history = {};
  pass.result.trouble = history.what;
  if (history.kind == History::Kind::same) {
    begin(pass);
    apply(pass);
  } else if (history.kind == History::Kind::went_back) {
    pass.result.outcome = SyncResult::Outcome::went_back;
    report_distrust(pass);
  } else {
    pass.result.outcome = SyncResult::Outcome::other_fleet;
  }
  if (pass.result.applied < pass.result.newest)
    pass.result.behind_since = database.changed_after(pass.result.applied);
  pass.result.refused = refused_.size();
  pass.result.lease_end = crypto::read_lease(store_);
  return pass.result;
}

// First corrects what the database believes about this machine, and so learns whether it has left.
void SyncPass::begin(Pass& pass) {
  pass.sealing_keys = crypto::SealingKeys::read(settings_.sealing_key_file);
  if (!reported_at_ || (reported_ && *reported_ > pass.membership.sequence)) look_at_own_row(pass);
  if (reported_ != pass.membership.sequence || !reported_at_) report(pass, pass.membership.sequence);
  if (may_sign(pass)) renew_lease(pass);
  if (is_due(tried_at_, pass.before, between_tries)) read_refusals(pass);
  if (refused_.contains(every_domain)) {
    pass.database.accept(pass.membership.host, every_domain);
    refused_.erase(every_domain);
  }
}

void SyncPass::apply(Pass& pass) {
  // If a machine that has left took one more change, the database would not keep its mark.
  if (!pass.has_reported && pass.membership.sequence < pass.state.sequence)
    pass.database.require_member(pass.membership.host);
  auto at = pass.membership.sequence;
  while (at < std::max(pass.state.sequence, pass.result.newest)) {
    const auto rows = pass.database.changed_since(at, batch_size);
    if (rows.empty()) break;
    judge_outcomes(pass, rows, write(pass, rows));
    at = rows.back().sequence;
    pass.result.newest = std::max(pass.result.newest, at);
    // Its mark may have been deleted since, if that change was followed by others of the same domain.
    if (const auto mark = pass.database.mark(at)) move_to(pass, at, *mark);
    if (!surroundings_.go_on(pass.result)) {
      pass.result.outcome = SyncResult::Outcome::stopped;
      return;
    }
  }
  // Changes after the last row are those of domains that are no longer there.
  if (at < pass.state.sequence) {
    if (const auto mark = pass.database.mark(pass.state.sequence)) move_to(pass, pass.state.sequence, *mark);
  }
  retry_refused(pass);
  check_copy(pass);
  if (!may_sign(pass)) end_absence(pass);
  note_contact(pass);
}

std::vector<RowOutcome> SyncPass::write(Pass& pass, const std::vector<DomainRow>& rows) {
  auto& known = pass.state.sealing_keys;
  const auto is_new = [&](const KeyRow& key) { return !known.contains(key.sealed.sealing_key); };
  // Since the pass began, which for a first one may be long ago, dkimkey fleet reseal may have been given. A
  // new sealing key is in the list before a row needs it.
  if (std::any_of(rows.begin(), rows.end(), [&](const DomainRow& row) {
        return std::any_of(row.keys.begin(), row.keys.end(), is_new);
      })) {
    known = pass.database.state().sealing_keys;
    pass.sealing_keys = crypto::SealingKeys::read(settings_.sealing_key_file);
  }
  return write_rows(store_, rows, *pass.sealing_keys, known);
}

void SyncPass::judge_outcomes(Pass& pass, const std::vector<DomainRow>& rows,
                              const std::vector<RowOutcome>& outcomes) {
  using Kind = RowOutcome::Kind;
  for (const auto& outcome : outcomes) {
    if (outcome.kind == Kind::failed && !outcome.reason.empty()) throw crypto::StoreError(outcome.reason);
  }
  const auto& host = pass.membership.host;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& domain = rows[i].domain;
    if (outcomes[i].kind != Kind::refused) {
      if (outcomes[i].kind == Kind::written) ++pass.result.written;
      if (refused_.erase(domain) > 0) pass.database.accept(host, domain);
      continue;
    }
    const auto reason = outcomes[i].reason.substr(0, longest_reason);
    const auto known = refused_.find(domain);
    if (known != refused_.end() && known->second == reason) continue;
    pass.database.refuse(host, domain, reason);
    refused_.insert_or_assign(domain, reason);
    surroundings_.refused(domain, reason);
  }
}

// Tries some of them each time, in turn, so that a machine which refuses everything does not read everything
// each minute; and goes on while that helps.
void SyncPass::retry_refused(Pass& pass) {
  if (!is_due(tried_at_, pass.before, between_tries)) return;
  tried_at_ = pass.before;
  for (auto left = refused_.size(); left > 0;) {
    const auto before = refused_.size();
    left -= retry_some(pass, left);
    if (refused_.size() == before) return;
    if (!surroundings_.go_on(pass.result)) return;
  }
}

// Returns how many it tried.
std::size_t SyncPass::retry_some(Pass& pass, std::size_t most) {
  std::vector<DomainRow> rows;
  std::vector<std::string> gone;
  std::size_t bytes = 0;
  std::size_t tried = 0;
  for (auto next = refused_.upper_bound(last_tried_);
       tried < std::min<std::size_t>(batch_size, most) && bytes < most_retry_bytes; ++tried) {
    if (next == refused_.end()) next = refused_.begin();
    last_tried_ = (next++)->first;
    if (auto row = row_of(pass.database, last_tried_)) {
      if (is_refused_as_older(*row)) continue;
      bytes += size_of(*row);
      rows.push_back(*std::move(row));
    } else {
      gone.push_back(last_tried_);
    }
  }
  for (const auto& domain : gone) {
    pass.database.accept(pass.membership.host, domain);
    refused_.erase(domain);
  }
  judge_outcomes(pass, rows, write(pass, rows));
  return tried;
}

// A database that lost a refusal, such as a promoted standby, would believe that this machine has the domain.
void SyncPass::read_refusals(Pass& pass) {
  const auto& host = pass.membership.host;
  const auto before = std::exchange(refused_, {});
  for (auto& refusal : pass.database.refusals_of(host))
    refused_.emplace(std::move(refusal.domain), std::move(refusal.reason));
  for (const auto& [domain, reason] : before) {
    if (domain != every_domain && refused_.emplace(domain, reason).second)
      pass.database.refuse(host, domain, reason);
  }
}

void SyncPass::move_to(Pass& pass, std::int64_t sequence, const std::string& mark) {
  pass.membership.sequence = sequence;
  pass.membership.mark = mark;
  crypto::write_membership(store_, pass.membership);
  pass.result.applied = sequence;
  report(pass, sequence);
}

void SyncPass::note_contact(Pass& pass) {
  pass.result.contact = pass.before;
  if (pass.result.applied < pass.result.newest) return;
  if (!is_due(pass.membership.contact, pass.before, between_contacts)) return;
  pass.membership.contact = pass.before;
  crypto::write_membership(store_, pass.membership);
  if (is_due(reported_at_, pass.before, between_contacts)) report(pass, pass.membership.sequence);
}

void SyncPass::report(Pass& pass, std::int64_t applied) {
  reported_.reset();
  pass.database.report({pass.membership.host,
                        version_,
                        applied,
                        {},
                        {},
                        {},
                        pass.sealing_keys ? list_sealing_keys(*pass.sealing_keys) : "",
                        0});
  reported_ = applied;
  reported_at_ = pass.before;
  pass.has_reported = true;
}

// The database does not know what this machine holds, so rotation must wait for it in every domain until a
// person has chosen.
void SyncPass::report_distrust(Pass& pass) {
  if (reported_ == 0 && !is_due(reported_at_, pass.before, between_contacts)) return;
  // A database from before this machine joined does not know it, and must wait for it, too.
  pass.database.remember(pass.membership.host, crypto::read_lease(store_));
  try {
    report(pass, 0);
    pass.database.refuse(pass.membership.host, every_domain, pass.result.trouble.substr(0, longest_reason));
    refused_.insert_or_assign(every_domain, pass.result.trouble);
  } catch (const DatabaseError& error) {
    // It has left.
    if (error.kind() != DatabaseError::Kind::refused) throw;
  }
}

}  // namespace dkim::keytool::fleet
