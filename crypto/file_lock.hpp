// flock(2) with a time limit, and with a message that names the process that holds the lock.
#pragma once

#include <chrono>
#include <filesystem>

#include "crypto/file.hpp"

namespace dkim::crypto {

// A writer holds a lock only while a few fsync(2) take place; whoever holds it longer hangs or was stopped.
constexpr std::chrono::seconds longest_wait_for_lock{60};

// Locks the open file exclusively until its descriptor is closed. Throws StoreError if it cannot be locked
// within longest_wait_for_lock; the message has the process ID of the holder if /proc shows it.
void lock_file(const FileDescriptor& file, const std::filesystem::path& path);

}  // namespace dkim::crypto
