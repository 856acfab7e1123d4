// Starts a program by posix_spawn(3), for keytool/system/program.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "keytool/system/process_group.hpp"
#include "keytool/system/program.hpp"

namespace dkim::keytool {

struct SpawnRequest {
  const std::filesystem::path& program;
  const std::vector<std::string>& arguments;
  const ProgramEnvironment* environment;  // nothing: ours
  int input;                              // becomes its standard input; -1: it gets an empty one
  int output;                             // these become its standard output and standard error
  int errors;
};

// Starts the program in the group, so that what it starts can be killed with it, with an empty signal mask.
// Throws std::system_error.
pid_t spawn_program(const ProcessGroup& group, const SpawnRequest& request);

}  // namespace dkim::keytool
