#include "keytool/fleet/agent.hpp"

#include <fmt/format.h>

#include <chrono>
#include <iostream>

#include "crypto/service_manager.hpp"
#include "crypto/text_file.hpp"
#include "keytool/fleet/agent_metrics.hpp"
#include "keytool/fleet/copy_turn.hpp"
#include "keytool/fleet/differences.hpp"
#include "keytool/fleet/pauses.hpp"
#include "keytool/fleet/sync_pass.hpp"
#include "keytool/output/terminal_text.hpp"
#include "keytool/system/stop_signals.hpp"

namespace dkim::keytool::fleet {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Outcome = SyncResult::Outcome;
using Steady = std::chrono::steady_clock;

constexpr milliseconds between_passes(5000);
constexpr milliseconds first_pause(1000);
constexpr milliseconds longest_pause(30'000);
// After a notification: a rotation makes many changes at once, and they are fetched together.
constexpr milliseconds gathering(200);
constexpr std::size_t most_differences_named = 20;

void say(const std::string& text) {
  std::cerr << fmt::format("dkimkey: {}\n", terminal_text(text)) << std::flush;
}

class Agent {
 public:
  Agent(const crypto::KeyStore& store, const FleetSettings& settings, const AgentOptions& options)
      : store_(store),
        settings_(settings),
        options_(options),
        pass_(store, settings, options.version,
              {crypto::utc_now, [this](const SyncResult& so_far) { return after_batch(so_far); },
               [](const std::string& domain, const std::string& reason) {
                 say(fmt::format("{} is refused, and stays here as it was: {}", domain, reason));
               }}) {
    state_.started = crypto::utc_now();
    state_.lease = settings.lease;
    // Until the database has answered, this is what is known of the copy.
    const auto membership = CopyTurn(store).membership;
    state_.last.applied = state_.last.newest = membership.sequence;
    state_.last.contact = membership.contact;
    state_.last.lease_end = crypto::read_lease(store);
  }

  void run() {
    while (!stop_.has_come()) {
      const bool succeeded = try_pass();
      write_metrics();
      tell_ready();
      if (succeeded) {
        wait_for_change();
      } else {
        wait_after_failure();
      }
    }
    crypto::notify_service_manager("STOPPING=1");
  }

  SyncResult once() {
    FleetDatabase database(settings_);
    auto result = pass_.run(database);
    state_.last = result;
    state_.reached = true;
    write_metrics();
    return result;
  }

 private:
  // Returns false if another try should not come soon.
  bool try_pass() {
    ++state_.passes;
    state_.reached = false;
    try {
      if (!database_) connect();
      note(pass_.run(*database_));
      failures_ = 0;
      return state_.last.outcome != Outcome::went_back && state_.last.outcome != Outcome::other_fleet;
    } catch (const NoMember&) {
      throw;
    } catch (const DatabaseError& error) {
      // Whatever it was, a new connection may reach a better server.
      database_.reset();
      fail(error.what());
    } catch (const std::exception& error) {
      fail(error.what());
    }
    return false;
  }

  void connect() {
    database_.emplace(settings_);
    pass_.begin_connection();
    try {
      database_->connection().listen("dkimsignd");
    } catch (const DatabaseError& error) {
      // Some poolers and relatives of PostgreSQL do not know LISTEN.
      if (error.kind() == DatabaseError::Kind::unreachable) throw;
    }
  }

  void fail(const std::string& what) {
    ++state_.passes_failed;
    ++failures_;
    // What was known of the copy is still true; mail is signed by it.
    if (what != trouble_)
      say(fmt::format("the copy could not be brought up to date: {}; it is tried again", what));
    trouble_ = what;
  }

  void note(const SyncResult& result) {
    state_.last = result;
    state_.reached = true;
    state_.domains_written += result.written;
    tell(result);
    trouble_ = result.trouble;
    if (!result.no_lease.empty() && result.no_lease != no_lease_) say(result.no_lease);
    no_lease_ = result.no_lease;
    if (result.written > 0)
      say(fmt::format("{} domain{} written, up to change {}", result.written, result.written == 1 ? "" : "s",
                      result.applied));
    crypto::notify_service_manager(fmt::format("STATUS=Change {} of {}, {} domains refused", result.applied,
                                               result.newest, result.refused));
  }

  // Says it once, until it ends: its words may change with every change that other machines make, and to name
  // what differs, all domains are read.
  void tell(const SyncResult& result) {
    if (result.trouble.empty()) {
      if (!trouble_.empty())
        say(fmt::format("the copy is brought up to date again, and has change {}", result.applied));
      told_.reset();
      return;
    }
    if (told_ == result.outcome) return;
    say(fmt::format("nothing is taken from the database: {}", result.trouble));
    write_metrics();
    if (result.outcome == Outcome::went_back) name_differences();
    told_ = result.outcome;
  }

  void name_differences() {
    std::size_t count = 0;
    for_each_difference(
        store_, *database_,
        [&](const Difference& difference) {
          if (++count <= most_differences_named)
            say(fmt::format("{} differs: {}", difference.domain, difference.what));
        },
        [this] { feed(); });
    if (count > most_differences_named)
      say(fmt::format("and {} more domains differ", count - most_differences_named));
    say("choose: dkimkey fleet sync --keep local brings what is newer on this machine into the database; "
        "--keep fleet takes the database's state, and destroys the domains that only this machine has");
  }

  bool after_batch(const SyncResult& so_far) {
    feed();
    state_.last = so_far;
    write_metrics();
    return !stop_.has_come();
  }

  void feed() {
    const auto now = Steady::now();
    if (fed_ && now - *fed_ < seconds(1)) return;
    fed_ = now;
    // Before READY it is the time to start that runs out, and a first pass over many domains takes long.
    crypto::notify_service_manager(is_ready_ ? "WATCHDOG=1" : "EXTEND_TIMEOUT_USEC=120000000");
  }

  void tell_ready() {
    if (!is_ready_) crypto::notify_service_manager("READY=1");
    is_ready_ = true;
    feed();
  }

  void wait_for_change() {
    if (state_.last.outcome == Outcome::stopped) return;
    try {
      if (!database_->connection().wait(pauses_.between(between_passes * 4 / 5, between_passes * 6 / 5),
                                        stop_.descriptor()))
        return;
      ++state_.notifications;
      stop_.wait(pauses_.between(milliseconds(0), gathering));
    } catch (const DatabaseError&) {
      database_.reset();  // the next pass connects, and says so if it cannot
    }
  }

  // A database that went back is not asked more often either: only a person can end that.
  void wait_after_failure() {
    stop_.wait(pauses_.after(failures_ == 0 ? 3 : failures_, first_pause, longest_pause));
  }

  void write_metrics() {
    if (options_.metrics_file.empty()) return;
    std::string trouble;
    try {
      crypto::replace_text_file(options_.metrics_file,
                                metrics_text(state_, options_.version, crypto::utc_now()));
    } catch (const crypto::StoreError& error) {
      trouble = error.what();
    }
    if (trouble != metrics_trouble_ && !trouble.empty()) say(fmt::format("metrics not written: {}", trouble));
    metrics_trouble_ = trouble;
  }

  StopSignals stop_;
  const crypto::KeyStore& store_;
  const FleetSettings& settings_;
  const AgentOptions& options_;
  SyncPass pass_;
  std::optional<FleetDatabase> database_;
  AgentState state_;
  std::string trouble_;          // the one that was told last; empty if there is none
  std::optional<Outcome> told_;  // why nothing is taken from the database, if so
  std::string metrics_trouble_;
  std::string no_lease_;
  int failures_ = 0;  // in a row
  bool is_ready_ = false;
  std::optional<Steady::time_point> fed_;
  Pauses pauses_;
};

}  // namespace

ExitCode run_agent(const crypto::KeyStore& store, const FleetSettings& settings,
                   const AgentOptions& options) {
  Agent(store, settings, options).run();
  return ExitCode::done;
}

ExitCode run_once(const crypto::KeyStore& store, const FleetSettings& settings, const AgentOptions& options) {
  const auto result = Agent(store, settings, options).once();
  if (!result.trouble.empty()) {
    say(fmt::format("nothing is taken from the database: {}", result.trouble));
    return ExitCode::problem;
  }
  say(fmt::format("{} domain{} written, up to change {}", result.written, result.written == 1 ? "" : "s",
                  result.applied));
  if (!result.no_lease.empty()) say(result.no_lease);
  if (result.refused > 0) {
    say(fmt::format("{} domain{} refused", result.refused, result.refused == 1 ? " is" : "s are"));
    return ExitCode::problem;
  }
  return result.outcome == Outcome::complete ? ExitCode::done : ExitCode::waiting;
}

}  // namespace dkim::keytool::fleet
