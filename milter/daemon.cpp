#include "milter/daemon.hpp"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "crypto/digest.hpp"
#include "crypto/error.hpp"
#include "crypto/keys/private_key.hpp"
#include "milter/callbacks.hpp"
#include "milter/listen_socket.hpp"
#include "milter/log.hpp"
#include "milter/metrics/metrics_writer.hpp"
#include "milter/self_watch.hpp"
#include "milter/service_manager.hpp"
#include "milter/shared.hpp"
#include "milter/troubles.hpp"

namespace dkim::milter {
namespace {

// A message's longest step from us is its body, which takes as long as its sender does. Postfix waits 300
// seconds for a milter; a service manager's default patience is 90.
constexpr std::chrono::seconds longest_drain{60};
constexpr std::chrono::seconds longest_reply{1};
constexpr std::chrono::seconds longest_last_metrics{2};

// Why CMake has left milter/libmilter/read_ahead out, if it has (milter/libmilter/libmilter_fit.cmake).
constexpr std::string_view read_ahead_hindrance = DKIMSIGND_READ_AHEAD_HINDRANCE;

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

// Of all threads that are made from here on. Pages that are never touched are no memory, but they count where
// the address space is limited, and at eight megabytes a thread that is soon the end.
void use_small_stacks() {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  return;  // a sanitizer has more than that of its own on each stack, and no thread could be made
#endif
  constexpr std::size_t stack = 512 * 1024;
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return;
  if (pthread_attr_setstacksize(&attributes, stack) == 0) pthread_setattr_default_np(&attributes);
  pthread_attr_destroy(&attributes);
}

// OpenSSL makes much of what it needs when it is first needed, and some of that never again if there was no
// memory for it then: no key would be read until a restart. So all of it is used once, before there is any
// mail. Throws crypto::OpenSslError.
void make_openssl_ready() {
  const auto use = [](const crypto::PrivateKey& key) {
    crypto::PrivateKey::from_pem(key.to_pem()).sign(crypto::Sha256().finish());
  };
  use(crypto::PrivateKey::generate_rsa(crypto::min_rsa_bits));
  use(crypto::PrivateKey::generate_ed25519());
}

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1})
    sigaddset(&set, signal);
  return set;
}

// Blocked in every thread, taken by the main one with sigwaitinfo(2), one after the other (libmilter's own
// thread for them sleeps: milter/libmilter/sigwait.cpp).
void prepare_signals() {
  const sigset_t set = handled_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // To libmilter SIGHUP means "stop", to administrators "reload": it does neither.
  std::signal(SIGHUP, SIG_IGN);
  // A log that cannot be written loses lines and nothing else.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

// A line of the main thread. Where there is no memory for it, it is lost and nothing else.
template <typename Write>
void log_if_possible(Write write) noexcept {
  try {
    write();
  } catch (const std::exception&) {
    // Not even the memory to say so.
  }
}

// All of the new configuration, or none of it.
void reload(const Options& options, Shared& shared) noexcept {
  try {
    Config config =
        options.config_named ? read_config(options.config_file) : read_config_if_there(options.config_file);
    const auto& current = shared.setup()->config;
    if (!(config.socket == current.socket) || config.socket_mode != current.socket_mode ||
        config.log != current.log) {
      throw crypto::SettingsError(options.config_file.string() +
                                  ": socket, socket_mode and log can change at a restart only");
    }
    const auto level = config.log_level;
    shared.replace_setup(std::move(config));
    shared.log.set_level(level);
    shared.metrics.reloaded();
    log_if_possible([&] { shared.log.reloaded(); });
  } catch (const std::exception& error) {
    shared.metrics.reload_failed();
    log_if_possible([&] { shared.log.reload_failed(error.what()); });
  }
}

// Until a signal asks to stop, or libmilter has ended by itself.
void serve(const Options& options, Shared& shared, MetricsWriter& metrics,
           const std::atomic<bool>& milter_ended) {
  const sigset_t set = handled_signals();
  while (!milter_ended) {
    const int signal = sigwaitinfo(&set, nullptr);
    if (signal == SIGUSR1) {
      reload(options, shared);
      metrics.wake();
    }
    if (signal == SIGTERM || signal == SIGINT) return;
  }
}

}  // namespace
void run_daemon(const Options& options, Config config) {
  protect_memory();
  use_small_stacks();
  raise_descriptor_limit();
  prepare_signals();
  make_openssl_ready();

  const auto log_target = config.log;
  Log log(log_sink(log_target), config.log_level);
  troubles().log_to(log);
  if (geteuid() == 0) log.running_as_root();
  Shared shared(std::move(config), log);

  const auto& listen = shared.setup()->config;
  ListenSocket socket(listen.socket, listen.socket_mode);
  register_milter(shared, listen.socket.text);
  socket.open_with(open_milter_socket);
  log.started(listen);
  if (!read_ahead_hindrance.empty()) log.read_ahead_off(read_ahead_hindrance);
  MetricsWriter metrics(shared);

  std::atomic<bool> milter_ended = false;
  std::atomic<bool> milter_succeeded = false;
  const pthread_t main_thread = pthread_self();
  // What it asks waits in the socket until libmilter runs.
  SelfWatch self_watch(listen.socket, log, [main_thread] { pthread_kill(main_thread, SIGTERM); });
  std::thread([&] {
    milter_succeeded = run_milter();
    milter_ended = true;
    pthread_kill(main_thread, SIGTERM);
  }).detach();

  serve(options, shared, metrics, milter_ended);
  self_watch.stop();
  notify_service_manager("STOPPING=1");
  socket.remove();
  bool all_finished = true;
  if (!milter_ended) {
    log_if_possible([&] { log.stopping(); });
    shared.in_flight.begin_drain();
    all_finished = shared.in_flight.wait_for_messages(longest_drain);
    shared.in_flight.wait_for_replies(longest_reply);
    // libmilter is not asked to stop: it would wait for its listener, up to five seconds, and end nothing
    // that the end of the process does not.
    milter_succeeded = true;
  }
  metrics.finish(longest_last_metrics);
  log_if_possible([&] { log.stopped(all_finished); });
  std::_Exit(milter_succeeded && !self_watch.failed() ? EXIT_SUCCESS : EXIT_FAILURE);
}

}  // namespace dkim::milter
