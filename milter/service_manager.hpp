// Tells the service manager about our state by the protocol of sd_notify(3): a datagram to the socket that
// $NOTIFY_SOCKET names. These are a few lines of our own, rather than libsystemd in a process that holds
// keys.
#pragma once

#include <string_view>

namespace dkim::milter {

// Sends a state such as "READY=1" or "STOPPING=1". Does nothing without a service manager, and ignores
// failures.
void notify_service_manager(std::string_view state) noexcept;

}  // namespace dkim::milter
