#include "keytool/system/spawn.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <system_error>

namespace dkim::keytool {
namespace {

struct DestroySpawnSettings {
  void operator()(posix_spawn_file_actions_t* actions) const { posix_spawn_file_actions_destroy(actions); }
  void operator()(posix_spawnattr_t* attributes) const { posix_spawnattr_destroy(attributes); }
};

void check(int error) {
  if (error != 0) throw std::system_error(error, std::generic_category());
}

// Returns copies of the variables, with the zero byte that ends each.
ProgramEnvironment ended(const ProgramEnvironment& environment) {
  ProgramEnvironment copies = environment;
  for (auto& variable : copies)
    variable.push_back('\0');
  return copies;
}

}  // namespace

pid_t spawn_program(const ProcessGroup& group, const SpawnRequest& request) {
  std::string name = request.program.string();
  std::vector<std::string> copies = request.arguments;
  std::vector<char*> argv{name.data()};
  for (auto& argument : copies)
    argv.push_back(argument.data());
  argv.push_back(nullptr);
  auto variables = request.environment ? ended(*request.environment) : ProgramEnvironment();
  std::vector<char*> envp;
  for (auto& variable : variables)
    envp.push_back(variable.data());
  envp.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  check(posix_spawn_file_actions_init(&actions));
  const std::unique_ptr<posix_spawn_file_actions_t, DestroySpawnSettings> actions_owner(&actions);
  check(request.input < 0 ? posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
                          : posix_spawn_file_actions_adddup2(&actions, request.input, STDIN_FILENO));
  check(posix_spawn_file_actions_adddup2(&actions, request.output, STDOUT_FILENO));
  check(posix_spawn_file_actions_adddup2(&actions, request.errors, STDERR_FILENO));
  posix_spawnattr_t attributes;
  check(posix_spawnattr_init(&attributes));
  const std::unique_ptr<posix_spawnattr_t, DestroySpawnSettings> attributes_owner(&attributes);
  check(posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK));
  check(posix_spawnattr_setpgroup(&attributes, group.id()));
  sigset_t none;
  sigemptyset(&none);
  check(posix_spawnattr_setsigmask(&attributes, &none));
  pid_t child = 0;
  check(posix_spawn(&child, request.program.c_str(), &actions, &attributes, argv.data(),
                    request.environment ? envp.data() : environ));
  return child;
}

}  // namespace dkim::keytool
