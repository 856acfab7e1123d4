#include "milter/daemon.hpp"

#include <pthread.h>
#include <semaphore.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "crypto/error.hpp"
#include "milter/callbacks.hpp"
#include "milter/listen_socket.hpp"
#include "milter/log.hpp"
#include "milter/service_manager.hpp"
#include "milter/session.hpp"

namespace dkim::milter {
namespace {

// A message's longest step from us is its body, which takes as long as its sender does. Postfix waits 300
// seconds for a milter; a service manager's default patience is 90.
constexpr std::chrono::seconds longest_drain{60};
constexpr std::chrono::seconds longest_reply{1};

// No core, no ptrace, no /proc/PID/mem for other users: the process holds private keys.
void protect_memory() {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  prctl(PR_SET_DUMPABLE, 0);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

// Each connection is a descriptor; the usual soft limit of 1024 is for programs that use select(2).
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Posted when the daemon is to stop: by a signal, or because libmilter has ended.
sem_t stop_requested;

void request_stop(int) {
  sem_post(&stop_requested);
}

sigset_t reload_signal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  return set;
}

// libmilter has a thread that waits for SIGTERM and SIGINT too and would stop at once, in the midst of
// messages. Linux gives a process's signal to the main thread if that one can take it. So here it always can:
// the two are never blocked in it, and no other signal is ever pending there, since SIGUSR1 has a thread of
// its own.
void prepare_signals() {
  sem_init(&stop_requested, 0, 0);
  struct sigaction action {};
  action.sa_handler = request_stop;
  action.sa_flags = SA_RESTART;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  const sigset_t set = reload_signal();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // To libmilter SIGHUP means "stop", to administrators "reload": it does neither.
  std::signal(SIGHUP, SIG_IGN);
  // A log that cannot be written loses lines and nothing else.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

// All of the new configuration, or none of it.
void reload(const Options& options, Shared& shared) {
  try {
    Config config = options.config_named || access(options.config_file.c_str(), F_OK) == 0
                        ? read_config(options.config_file)
                        : Config();
    const auto& current = shared.setup()->config;
    if (!(config.socket == current.socket) || config.socket_mode != current.socket_mode ||
        config.log != current.log) {
      throw crypto::SettingsError(options.config_file.string() +
                                  ": socket, socket_mode and log can change at a restart only");
    }
    shared.log.set_level(config.log_level);
    shared.replace_setup(std::make_shared<Setup>(std::move(config)));
    shared.log.reloaded();
  } catch (const std::exception& error) {
    shared.log.reload_failed(error.what());
  }
}

[[noreturn]] void reload_at_signals(const Options& options, Shared& shared) {
  const sigset_t set = reload_signal();
  while (true) {
    int signal = 0;
    if (sigwait(&set, &signal) == 0) reload(options, shared);
  }
}

void wait_for_stop() {
  while (sem_wait(&stop_requested) != 0) {
    // A signal's handler ran; it has posted.
  }
}

}  // namespace

void run_daemon(const Options& options, Config config) {
  protect_memory();
  raise_descriptor_limit();
  prepare_signals();

  const auto log_target = config.log;
  Log log(log_sink(log_target), config.log_level);
  if (geteuid() == 0) log.running_as_root();
  Shared shared(std::make_shared<Setup>(std::move(config)), log);

  const auto& listen = shared.setup()->config;
  ListenSocket socket(listen.socket, listen.socket_mode);
  register_milter(shared, listen.socket.text);
  socket.open_with(open_milter_socket);
  log.started(listen);
  notify_service_manager("READY=1");

  std::atomic<bool> milter_ended = false;
  std::atomic<bool> milter_succeeded = false;
  std::thread([&] {
    milter_succeeded = run_milter();
    milter_ended = true;
    sem_post(&stop_requested);
  }).detach();
  std::thread([&] { reload_at_signals(options, shared); }).detach();

  wait_for_stop();
  notify_service_manager("STOPPING=1");
  socket.remove();
  bool all_finished = true;
  if (!milter_ended) {
    log.stopping();
    shared.in_flight.begin_drain();
    all_finished = shared.in_flight.wait_for_messages(longest_drain);
    shared.in_flight.wait_for_replies(longest_reply);
    // libmilter is not asked to stop: it would wait for its listener, up to five seconds, and end nothing
    // that the end of the process does not.
    milter_succeeded = true;
  }
  log.stopped(all_finished);
  std::_Exit(milter_succeeded ? EXIT_SUCCESS : EXIT_FAILURE);
}

}  // namespace dkim::milter
