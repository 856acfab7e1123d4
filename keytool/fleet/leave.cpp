#include "keytool/fleet/leave.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "canon/printable.hpp"
#include "crypto/error.hpp"
#include "crypto/store/membership.hpp"
#include "keytool/fleet/contact.hpp"
#include "keytool/fleet/copy_turn.hpp"
#include "keytool/fleet/history.hpp"

namespace dkim::keytool::fleet {
namespace {

constexpr std::size_t most_named = 20;

std::string list_hosts(const std::vector<SignerRow>& signers) {
  std::vector<std::string> hosts;
  for (const auto& signer : signers) {
    if (hosts.size() < most_named) hosts.push_back(canon::printable_word(signer.host, 253));
  }
  if (signers.size() > most_named) hosts.push_back(fmt::format("and {} more", signers.size() - most_named));
  return hosts.empty() ? "no machine" : fmt::format("{}", fmt::join(hosts, ", "));
}

bool lacks_changes(FleetDatabase& database, const crypto::Membership& membership) {
  const auto state = database.state();
  return compare_history(database, state, membership).kind != History::Kind::same ||
         membership.sequence < state.sequence;
}

}  // namespace

LeaveResult leave(FleetDatabase& database, const std::string& host) {
  const auto found = database.signer(host);
  if (!found) {
    throw crypto::StoreError(fmt::format("the fleet has no machine {}; it has {}",
                                         canon::printable_word(host, 253), list_hosts(database.signers())));
  }
  LeaveResult result{*found, found->left.has_value(), false, database.now()};
  result.in_contact = is_in_contact(*found, result.now);
  if (!result.had_left) database.leave(host);
  return result;
}

KeepResult leave_and_keep(const crypto::KeyStore& store, const FleetSettings& settings,
                          FleetDatabase& database, const JoinRequest& request) {
  KeepResult result;
  const auto signers = database.signers();
  {
    const CopyTurn turn(store);
    result.membership = turn.membership;
    if (database.state().identity != turn.membership.fleet)
      throw crypto::StoreError("this database belongs to another fleet than this machine");
  }
  const auto own = std::find_if(signers.begin(), signers.end(),
                                [&](const auto& row) { return row.host == result.membership.host; });
  for (const auto& row : signers)
    result.others += !row.left && row.host != result.membership.host ? 1 : 0;
  const bool is_member = own != signers.end() && !own->left;
  if (is_member) {
    // What is its own from now on is what the fleet has now.
    result.sync = first_sync(store, settings, database, request);
    result.membership.sequence = result.sync.applied;
    if (result.sync.outcome != SyncResult::Outcome::complete || result.sync.refused > 0) return result;
  } else if (lacks_changes(database, result.membership)) {
    // Nobody waited for it since it left.
    result.sync.trouble =
        "this machine has left the fleet and lacks changes since, so its keys may be void; dkimkey fleet "
        "join brings it up to date";
    return result;
  }
  // The database first: killed between the two, the machine signs until its lease ends, and the command given
  // again ends the membership.
  const CopyTurn turn(store);
  if (is_member) database.leave(result.membership.host);
  crypto::end_membership(store);
  result.is_own = true;
  return result;
}

crypto::Membership keep_without_database(const crypto::KeyStore& store) {
  CopyTurn turn(store);
  crypto::end_membership(store);
  return turn.membership;
}

bool end_leftover_lease(const crypto::KeyStore& store) {
  const auto is_left_over = [&] {
    return !crypto::is_missing(crypto::lease_path(store)) && !crypto::read_membership(store);
  };
  if (!is_left_over()) return false;
  const auto turn = take_turn(store);
  if (!is_left_over()) return false;
  crypto::end_membership(store);
  return true;
}

}  // namespace dkim::keytool::fleet
