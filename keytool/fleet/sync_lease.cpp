// The part of SyncPass that decides until when this machine may sign.
#include <fmt/format.h>

#include <algorithm>

#include "keytool/fleet/clocks.hpp"
#include "keytool/fleet/sync_pass_state.hpp"

namespace dkim::keytool::fleet {
// True if this machine was restored from a backup or a snapshot: the database knows a later report of it.
bool SyncPass::has_reported_more(const Pass& pass, const std::optional<SignerRow>& row) {
  return row && !row->left && row->applied > pass.membership.sequence;
}

void SyncPass::look_at_own_row(Pass& pass) {
  const auto& host = pass.membership.host;
  const auto row = pass.database.signer(host);
  if (!row) {
    pass.database.remember(host, crypto::read_lease(store_));
  } else if (has_reported_more(pass, row)) {
    // Nobody waits for what it held then, and its keys may be void, whatever its lease of then says.
    if (may_sign(pass)) crypto::write_lease(store_, pass.before);
    // A report of less than that would make this machine look like one whose database went back.
    reported_ = pass.membership.sequence;
    reported_at_ = pass.before;
  }
}

// A machine whose lease is over gets another one only when its copy is up to date: it may have left
// meanwhile, so that nobody waited for it, and its keys may be void.
bool SyncPass::may_sign(const Pass& pass) const {
  const auto present = crypto::read_lease(store_);
  return present && *present > pass.before;
}

// The database learns the new end first, and keeps the later one, so it never expects this machine to stop
// too early.
void SyncPass::renew_lease(Pass& pass) {
  const auto end = pass.before + settings_.lease;
  const auto present = crypto::read_lease(store_);
  const bool is_used = !present || *present > end || end - *present >= settings_.lease / 10;
  if (!is_used && !is_due(renewed_at_, pass.before, between_contacts)) return;
  if (present == end) return;
  // The others reckon with this lease by the database's clock.
  const auto there = pass.database.now();
  if (do_clocks_differ(pass.before, there, surroundings_.now())) {
    pass.result.no_lease =
        fmt::format("the lease is not renewed, because {}", clocks_text(pass.before, there));
    return;
  }
  pass.database.grant_lease(pass.membership.host, end, present, settings_.lease);
  crypto::write_lease(store_, end);
  renewed_at_ = pass.before;
}

// While the lease was over, nobody may have waited for this machine: its keys of a refused domain may be
// void.
void SyncPass::end_absence(Pass& pass) {
  const auto old = std::find_if(refused_.begin(), refused_.end(), [&](const auto& refusal) {
    const auto domain = canon::DomainName::parse(refusal.first);
    return domain && store_.stamp(*domain);
  });
  if (old == refused_.end()) {
    renew_lease(pass);
    return;
  }
  pass.result.no_lease = fmt::format(
      "this machine's lease is over and is not renewed: it refuses the fleet's keys of {0}, and its own may "
      "be void. Correct the refusal (dkimkey fleet status), or, if nothing signs for {0} here, remove {1}",
      old->first, store_.directory().string() + '/' + old->first);
}

}  // namespace dkim::keytool::fleet
