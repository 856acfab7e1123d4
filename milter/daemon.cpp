#include "milter/daemon.hpp"

#include <fmt/format.h>
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
#include "crypto/service_manager.hpp"
#include "milter/callbacks.hpp"
#include "milter/config.hpp"
#include "milter/listen_socket.hpp"
#include "milter/log.hpp"
#include "milter/metrics/metrics_writer.hpp"
#include "milter/self_watch.hpp"
#include "milter/shared.hpp"
#include "milter/troubles.hpp"

namespace dkim::milter {
namespace {

// A message's longest step, as seen from here, is its body, which takes as long as its sender does. Postfix
// waits 300 seconds for a milter; a service manager waits 90 seconds by default.
constexpr std::chrono::seconds longest_drain{60};
constexpr std::chrono::seconds longest_reply{1};
constexpr std::chrono::seconds longest_last_metrics{2};

// Why CMake left out milter/libmilter/read_ahead; empty if it did not (milter/libmilter/libmilter_fit.cmake).
constexpr std::string_view read_ahead_hindrance = DKIMSIGND_READ_AHEAD_HINDRANCE;

// The process holds private keys: no core dump, no ptrace, no /proc/PID/mem for other users.
void protect_memory() {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  prctl(PR_SET_DUMPABLE, 0);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

// Each connection takes a descriptor. The usual soft limit of 1024 is meant for programs that use select(2).
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Applies to all threads that are started from here on. Pages that are never touched take no memory, but they
// count where the address space is limited, and eight megabytes for each thread soon exhaust it.
void use_small_stacks() {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  return;  // a sanitizer keeps more than that on each stack, and no thread could be started
#endif
  constexpr std::size_t stack = 512UL * 1024;
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return;
  if (pthread_attr_setstacksize(&attributes, stack) == 0) pthread_setattr_default_np(&attributes);
  pthread_attr_destroy(&attributes);
}

// OpenSSL creates much of what it needs on first use, and some of it never again if there was no memory for
// it then: no key could be read until a restart. So everything is used once before there is any mail. Throws
// crypto::OpenSslError.
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

// Blocks the signals in every thread. The main thread takes them one by one with sigwaitinfo(2); libmilter's
// own thread for them sleeps (milter/libmilter/sigwait.cpp).
void prepare_signals() {
  const sigset_t set = handled_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // SIGHUP means "stop" to libmilter and "reload" to administrators: here it does neither.
  std::signal(SIGHUP, SIG_IGN);
  // A log that cannot be written loses lines and nothing else.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  // The daemon starts no programs, but as process 1 of a container it inherits those that others leave
  // behind: this way, none of them becomes a zombie.
  std::signal(SIGCHLD, SIG_IGN);
}

// Writes a line from the main thread. Without memory for it, the line is lost and nothing else.
template <typename Write>
void log_if_possible(Write write) noexcept {
  try {
    write();
  } catch (const std::exception&) {
    // There is no memory for the line.
  }
}

// Throws crypto::SettingsError if the new configuration changes what is bound to the process.
void check_reload(const Options& options, const Config& current, const Config& next) {
  if (next.socket == current.socket && next.socket_mode == current.socket_mode && next.log == current.log)
    return;
  throw crypto::SettingsError(fmt::format("{}: socket, socket_mode and log can change at a restart only",
                                          options.config_file.path.string()));
}

// Takes over all of the new configuration, or none of it.
void reload(const Options& options, Shared& shared) noexcept {
  try {
    Config config = read_config(options.config_file);
    check_reload(options, shared.setup()->config, config);
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

// libmilter's loop, in a thread that lives as long as the process. When the loop ends, the main thread gets a
// SIGTERM.
class MilterThread {
 public:
  explicit MilterThread(pthread_t main_thread) {
    std::thread([this, main_thread] {
      failed_ = run_milter() == MilterEnd::failure;
      ended_ = true;
      pthread_kill(main_thread, SIGTERM);
    }).detach();
  }

  bool ended() const { return ended_; }
  bool failed() const { return failed_; }

 private:
  std::atomic<bool> ended_ = false;
  std::atomic<bool> failed_ = false;
};

// Serves until a signal asks to stop, or until libmilter has ended of its own accord.
void serve(const Options& options, Shared& shared, MetricsWriter& metrics, const MilterThread& milter) {
  const sigset_t set = handled_signals();
  while (!milter.ended()) {
    const int signal = sigwaitinfo(&set, nullptr);
    if (signal == SIGUSR1) {
      reload(options, shared);
      metrics.wake();
    }
    if (signal == SIGTERM || signal == SIGINT) return;
  }
}

enum class Drained { completely, in_part };

// Lets the messages in flight come to their end. libmilter is not asked to stop: it would wait for its
// listener, for up to five seconds, and end nothing that the end of the process does not end as well.
Drained drain(Shared& shared) {
  log_if_possible([&] { shared.log.stopping(); });
  shared.in_flight.begin_drain();
  const bool all_finished = shared.in_flight.wait_for_messages(longest_drain);
  shared.in_flight.wait_for_replies(longest_reply);
  return all_finished ? Drained::completely : Drained::in_part;
}

void prepare_process() {
  protect_memory();
  use_small_stacks();
  raise_descriptor_limit();
  make_openssl_ready();
}

void log_start(const Log& log, const Config& config) {
  log.started(config);
  if (!read_ahead_hindrance.empty()) log.read_ahead_off(read_ahead_hindrance);
}

}  // namespace

void run_daemon(const Options& options) {
  // First, because the kernel drops signals that process 1 neither blocks nor handles.
  prepare_signals();
  Config config = read_config(options.config_file);
  prepare_process();

  Log log(log_sink(config.log), config.log_level);
  troubles().log_to(log);
  if (geteuid() == 0) log.running_as_root();

  const SocketAddress address = config.socket;
  ListenSocket socket(address, config.socket_mode);
  Shared shared(std::move(config), log);
  register_milter(shared, address.text);
  socket.open_with(open_milter_socket);
  log_start(log, shared.setup()->config);
  MetricsWriter metrics(shared);
  // The question that it asks waits in the socket until libmilter runs.
  const pthread_t main_thread = pthread_self();
  SelfWatch self_watch(address, log, [main_thread] { pthread_kill(main_thread, SIGTERM); });
  const MilterThread milter(main_thread);

  serve(options, shared, metrics, milter);
  self_watch.stop();
  crypto::notify_service_manager("STOPPING=1");
  socket.remove();
  const bool milter_ended = milter.ended();
  const auto drained = milter_ended ? Drained::completely : drain(shared);
  metrics.finish(longest_last_metrics);
  log_if_possible([&] { drained == Drained::completely ? log.stopped() : log.stopped_early(); });
  std::_Exit((milter_ended && milter.failed()) || self_watch.failed() ? EXIT_FAILURE : EXIT_SUCCESS);
}

}  // namespace dkim::milter
