// flock(2) with an end to the waiting, and with a word on who is waited for.
#pragma once

#include <chrono>
#include <filesystem>

#include "crypto/file.hpp"

namespace dkim::crypto {

// A writer holds a lock for as long as a few fsync(2) take; more is a process that hangs or was stopped.
constexpr std::chrono::seconds longest_wait_for_lock{60};

// Locks the open file for this process alone, until its descriptor is closed. Throws StoreError, after
// longest_wait_for_lock with the number of the process that has it, where /proc tells.
void lock_file(const FileDescriptor& file, const std::filesystem::path& path);

}  // namespace dkim::crypto
