// libmilter's side of the daemon: the only place that knows its API.
//
// Registers the callbacks and runs libmilter's loop. A callback translates its arguments, calls the
// session's step of the same name and translates the verdict; one guard around all of them turns exceptions
// into the verdict that on_error asks for. Errors at start are crypto::Error.
#pragma once

#include <string>

#include "milter/session.hpp"

namespace dkim::milter {

// Registers with libmilter and names the socket. Sessions use shared from now on. Once a process.
void register_milter(Shared& shared, const std::string& socket);
// Binds and listens.
void open_milter_socket();
// Serves until libmilter stops by itself: at a signal of its own (true) or because it fails (false).
bool run_milter();

}  // namespace dkim::milter
