// libmilter's side of the daemon: registers the callbacks and runs libmilter's loop.
//
// A callback translates its arguments, calls the session's step of the same name and translates the verdict.
// Two guards, for steps with and without an answer, turn exceptions into the verdict that on_error asks for.
// Errors at start are crypto::Error.
#pragma once

#include <string>

#include "milter/shared.hpp"

namespace dkim::milter {

// Registers the callbacks with libmilter and names the socket. All sessions use shared from now on. To be
// called once in a process.
void register_milter(Shared& shared, const std::string& socket);
// Binds the socket and listens on it.
void open_milter_socket();

enum class MilterEnd { by_signal, failure };
// Serves connections until libmilter ends of its own accord, and returns why it did.
MilterEnd run_milter();

}  // namespace dkim::milter
