#include "keytool/rotation/turn_wait.hpp"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <thread>
#include <vector>

#include "keytool/rotation/turn_report.hpp"

namespace dkim::keytool {
namespace {

using std::chrono::seconds;

// Often at first, when a secondary takes its seconds; then as seldom as suits a person at a web form.
constexpr seconds shortest_pause{5};
constexpr seconds longest_pause{60};
constexpr seconds second{1};

using Selectors = std::vector<canon::Selector>;

// The pending keys that may go on. Which these are is settled at the beginning: what another run begins
// meanwhile is not waited for.
Selectors under_way(const crypto::Manifest& manifest) {
  Selectors out;
  for (const auto& key : manifest.keys) {
    if (key.state == crypto::KeyState::pending && overtaken_by(manifest, key) == nullptr)
      out.push_back(key.selector);
  }
  return out;
}

bool any_of(const Selectors& some, const Selectors& others) {
  return std::find_first_of(some.begin(), some.end(), others.begin(), others.end()) != some.end();
}

seconds pause_after(seconds waited, const TurnReport& report, const Clock& now) {
  const seconds pause = std::clamp(waited / 4, shortest_pause, longest_pause);
  if (!report.next_look) return pause;
  return std::clamp(std::chrono::ceil<seconds>(*report.next_look - now()), second, pause);
}

// What is shown while nothing happens: on a terminal a line that is written over and over.
class Progress {
 public:
  void tell(const std::string& text) {
    if (text == told_) return;
    clear_line();
    std::cerr << text << std::flush;
    told_ = text;
  }

  void wait(seconds pause) {
    for (seconds left = pause; left > seconds(0); left -= second) {
      show(left);
      std::this_thread::sleep_for(second);
    }
  }

  void clear_line() {
    if (width_ > 0) std::cerr << '\r' << std::string(width_, ' ') << '\r' << std::flush;
    width_ = 0;
  }

  seconds waited() const {
    return std::chrono::duration_cast<seconds>(std::chrono::steady_clock::now() - begun_);
  }

 private:
  void show(seconds left) {
    if (!on_terminal_) return;
    const std::string text = "  waiting for " + std::to_string(waited().count()) + " s; next look in " +
                             std::to_string(left.count()) + " s (Ctrl-C leaves it to the next run)";
    clear_line();
    std::cerr << text << std::flush;
    width_ = text.size();
  }

  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  const bool on_terminal_ = isatty(STDERR_FILENO) != 0;
  std::string told_;
  std::size_t width_ = 0;
};

}  // namespace

TurnReport wait_for_turn(const crypto::KeyStore& store, const canon::DomainName& domain, TurnOptions options,
                         TurnReport report, const Clock& now) {
  options.request.turn = RotationRequest::Turn::none;
  const auto awaited = under_way(report.manifest);
  Progress progress;
  while (any_of(awaited, under_way(report.manifest))) {
    progress.tell(describe_turn(domain, report));
    // A server that lags is no reason to run a hook every few seconds.
    options.published.insert(report.published.begin(), report.published.end());
    progress.wait(pause_after(progress.waited(), report, now));
    report = run_turn(store, domain, options, now);
  }
  progress.clear_line();
  return report;
}

}  // namespace dkim::keytool
