// The running process: start, reload, stop.
#pragma once

#include "milter/options.hpp"

namespace dkim::milter {

// Reads the configuration and runs until a signal ends it. Does not return then, but ends the process: worker
// threads of libmilter may still sleep on idle connections, and nothing that they use may be destroyed while
// they live. Throws crypto::Error if the daemon cannot start.
[[noreturn]] void run_daemon(const Options& options);

}  // namespace dkim::milter
