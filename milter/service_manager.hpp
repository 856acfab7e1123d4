// Tells the service manager how far we are: sd_notify(3)'s protocol, a datagram to the socket that
// $NOTIFY_SOCKET names. Ten lines of our own rather than libsystemd in a process that holds keys.
#pragma once

#include <string_view>

namespace dkim::milter {

// "READY=1", "STOPPING=1". Without a service manager, nothing happens; a failure to tell is no reason to
// fail.
void notify_service_manager(std::string_view state) noexcept;

}  // namespace dkim::milter
