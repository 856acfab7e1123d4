// Waits for rotate --wait until the new keys sign.
//
// Shows its progress on standard error: what has changed and, on a terminal, a line that says how long it has
// waited.
#pragma once

#include "keytool/rotation/turn.hpp"

namespace dkim::keytool {

// Polls until every key that was pending in the report is active or has been overtaken, and until each turn
// that waits for a free slot has come as far. Returns the last report. A signal may end it at any instant, as
// with any run. Throws what run_turn() throws.
TurnReport wait_for_turn(crypto::StoreOfRecord& store, const canon::DomainName& domain, TurnOptions options,
                         TurnReport report, const Clock& now);

}  // namespace dkim::keytool
