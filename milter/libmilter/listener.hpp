// What is mended around libmilter's accept(): see milter/libmilter/listener.cpp.
#pragma once

namespace dkim::milter {

// The descriptor that accept() has last given to this thread; -1 without one.
int last_accepted() noexcept;

}  // namespace dkim::milter
