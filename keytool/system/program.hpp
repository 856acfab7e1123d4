// Runs another program without a shell: the administrator's hook, lexicon(1), postconf(1), sendmail(1),
// dkimsignd --check.
//
// The program ends when this process ends, however that happens (keytool/system/process_group). The
// functions wait until it ends, and throw crypto::Error if it cannot be started, is killed by a signal, or
// takes longer than at_most (ProgramTimeout): then it is killed with everything that it has started. It gets
// an empty signal mask, whatever the caller blocks.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/error.hpp"
#include "crypto/secret.hpp"

namespace dkim::keytool {

// The program took longer than it may.
class ProgramTimeout : public crypto::Error {
 public:
  using Error::Error;
};

// The variables of a program's environment, each as NAME=value. They are overwritten in memory after use.
using ProgramEnvironment = std::vector<crypto::Secret>;

// Shows what the program prints on our standard error, since our results go to standard output: line by line,
// made safe for a terminal, and with the program's name in front. Also throws if the exit status is not 0.
void run_program(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                 std::chrono::seconds at_most);

struct CapturedOutput {
  std::string output;
  std::string errors;
  int status = 0;  // the exit status
};

// Returns what the program prints, and shows nothing; any exit status is an answer. Also throws if the
// program prints more than most_bytes on one of its two outputs.
CapturedOutput capture_program(const std::filesystem::path& program,
                               const std::vector<std::string>& arguments, std::chrono::seconds at_most,
                               std::size_t most_bytes);

// Like capture_program(), but gives the program this text on its standard input.
CapturedOutput feed_program(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                            std::string_view input, std::chrono::seconds at_most, std::size_t most_bytes);

// Does the same for a program that gets this environment and nothing of ours. Only the program sees it, with
// what the program starts itself.
CapturedOutput capture_program(const std::filesystem::path& program,
                               const std::vector<std::string>& arguments, std::chrono::seconds at_most,
                               std::size_t most_bytes, const ProgramEnvironment& environment);

}  // namespace dkim::keytool
