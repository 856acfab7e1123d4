// The fixes around libmilter's accept(): see milter/libmilter/listener.cpp.
#pragma once

namespace dkim::milter {

// Returns the descriptor that accept() returned last to this thread, or -1 if it returned none.
int last_accepted() noexcept;

}  // namespace dkim::milter
