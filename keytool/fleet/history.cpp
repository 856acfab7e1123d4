#include "keytool/fleet/history.hpp"

#include <fmt/format.h>

#include "canon/printable.hpp"

namespace dkim::keytool::fleet {

History compare_history(FleetDatabase& database, const StoreState& state,
                        const crypto::Membership& membership) {
  using Kind = History::Kind;
  if (state.identity != membership.fleet) {
    return {
        Kind::other_fleet,
        fmt::format("this is the database of another fleet ({}) than the one of this machine ({}): correct "
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

}  // namespace dkim::keytool::fleet
