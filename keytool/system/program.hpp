// Runs a program, without a shell: a hook of the administrator's, postconf(1), dkimsignd --check. It ends
// with us, however we end (keytool/system/process_group).
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace dkim::keytool {

// Waits for its end. What it prints goes to our standard error, line by line, made safe to show and with its
// name in front, since results of ours go to standard output. Throws crypto::Error: it cannot be started,
// fails, is killed, or takes longer than at_most (then it is killed, with all that it has started).
void run_program(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                 std::chrono::seconds at_most);

struct CapturedOutput {
  std::string output;
  std::string errors;
  int status = 0;  // what it ended with
};

// The same for a program whose output is an answer: nothing is shown, any exit status is handed back. Throws
// crypto::Error: it cannot be started, is killed, takes too long, or prints more than so many octets on one
// of its two outputs.
CapturedOutput capture_program(const std::filesystem::path& program,
                               const std::vector<std::string>& arguments, std::chrono::seconds at_most,
                               std::size_t most_octets);

}  // namespace dkim::keytool
