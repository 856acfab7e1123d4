// Replaces libmilter's accept(), so that the daemon survives when descriptors or memory run out: a connection
// for which there is not enough is closed, and the MTA tries again. Nothing calls the replacement by name
// (milter/libmilter/listener.cpp).
//
// Nothing here throws.
#pragma once

namespace dkim::milter {

// Returns the descriptor that accept() returned last to this thread, or -1 if it returned none.
int last_accepted() noexcept;

}  // namespace dkim::milter
