// The running process: start, reload, stop.
#pragma once

#include <memory>

#include "milter/config.hpp"
#include "milter/options.hpp"

namespace dkim::milter {

// Runs until a signal ends it; does not return then, but ends the process: worker threads of libmilter may
// still sleep on idle connections, and nothing that they use may be destroyed under them. Throws
// crypto::Error if the daemon cannot start.
[[noreturn]] void run_daemon(const Options& options, Config config);

}  // namespace dkim::milter
