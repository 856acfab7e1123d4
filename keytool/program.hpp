// Runs a program of the administrator's, without a shell.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace dkim::keytool {

// Waits for its end. What it prints goes to our standard error, line by line, made safe to show and with its
// name in front, since results of ours go to standard output. Throws crypto::Error: it cannot be started,
// fails, is killed, or takes longer than at_most (then it is killed, with all that it has started).
void run_program(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                 std::chrono::seconds at_most);

}  // namespace dkim::keytool
