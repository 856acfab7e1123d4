// The part of SyncPass that decides until when this machine may sign.
#include <fmt/format.h>

#include <algorithm>

#include "keytool/fleet/clocks.hpp"
#include "keytool/fleet/sync_pass_state.hpp"

namespace dkim::keytool::fleet {
// True if it is this machine that went back in time, and not the database, which cannot know more of it than
// it ever had: it was restored from a backup or a snapshot.
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

// The database has to know the end before this machine signs until then: the later of the two holds there.
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

// While the lease was over, nobody may have waited for this machine: of a domain that it refuses, it has the
// keys of that time, and they may be void.
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
      "this machine's lease is over and is not renewed, since the keys that it has of {} may be void, "
      "and the fleet's are refused; when nothing signs with them, removing {} ends this",
      old->first, store_.directory().string() + '/' + old->first);
}

}  // namespace dkim::keytool::fleet
