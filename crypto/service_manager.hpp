// Tells the service manager about our state by the protocol of sd_notify(3): a datagram to the socket that
// $NOTIFY_SOCKET names. These are a few lines of our own, rather than libsystemd in a process that holds
// keys. dkimsignd and the agent of a fleet use it.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace dkim::crypto {

// Sends a state such as "READY=1" or "STOPPING=1". Does nothing without a service manager, and ignores
// failures.
void notify_service_manager(std::string_view state) noexcept;

// Returns how often the service manager expects a WATCHDOG=1: $WATCHDOG_USEC. Nothing if it expects none, or
// if $WATCHDOG_PID says that it expects them from another process.
std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace dkim::crypto
