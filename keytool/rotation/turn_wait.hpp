// rotate --wait: looks again and again until the keys that are under way sign.
//
// Progress goes to standard error: what changed, and on a terminal a line that says how long it has been.
#pragma once

#include "keytool/rotation/turn.hpp"

namespace dkim::keytool {

// Goes on with the turn of which the report tells until the keys that were pending then are so no more (those
// that were overtaken aside), and gives back the last report. May be ended by a signal at any instant, as any
// run may. Throws as run_turn does.
TurnReport wait_for_turn(const crypto::KeyStore& store, const canon::DomainName& domain, TurnOptions options,
                         TurnReport report, const Clock& now);

}  // namespace dkim::keytool
