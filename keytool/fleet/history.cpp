#include "keytool/fleet/history.hpp"

#include <fmt/format.h>

#include "canon/printable.hpp"

namespace dkim::keytool::fleet {

History compare_history(FleetDatabase& database, const StoreState& state,
                        const crypto::Membership& membership) {
  using Kind = History::Kind;
  if (state.identity != membership.fleet) {
    return {Kind::other_fleet,
            fmt::format("this database belongs to another fleet ({}) than this machine ({}): correct "
                        "\"connection\" in fleet.conf",
                        canon::printable_word(state.identity, 64), membership.fleet)};
  }
  if (state.sequence < membership.sequence) {
    return {Kind::went_back, fmt::format("the database went back in time: its last change is {}, and this "
                                         "machine has had change {}",
                                         state.sequence, membership.sequence)};
  }
  if (membership.sequence == 0) return {};
  const auto mark = database.mark(membership.sequence);
  if (!mark) {
    return {Kind::went_back,
            fmt::format("the database no longer knows change {}, up to which this machine's "
                        "copy goes: one of the two went back in time",
                        membership.sequence),
            true};
  }
  if (*mark != membership.mark) {
    return {Kind::went_back, fmt::format("the database went back in time: its change {} is another one than "
                                         "this machine has had",
                                         membership.sequence)};
  }
  return {};
}

std::optional<OwnHistory> compare_own_history(FleetDatabase& database, const crypto::KeyStore& files) {
  // Before the database: the agent may bring the copy further meanwhile.
  auto membership = crypto::read_membership(files);
  while (membership) {
    auto state = database.state();
    auto history = compare_history(database, state, *membership);
    auto now = crypto::read_membership(files);
    if (!history.mark_is_gone || !now || now->sequence == membership->sequence)
      return OwnHistory{*std::move(membership), std::move(state), std::move(history)};
    membership = std::move(now);
  }
  return std::nullopt;
}

}  // namespace dkim::keytool::fleet
