#include "keytool/rotation/turn_wait.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <thread>

#include "keytool/output/terminal_text.hpp"
#include "keytool/rotation/turn_report.hpp"

namespace dkim::keytool {
namespace {

using std::chrono::seconds;

// Short at first, for a secondary that takes some seconds; later longer, for a person at a web form.
constexpr seconds shortest_pause{5};
constexpr seconds longest_pause{60};
constexpr seconds second{1};

// Returns the pending keys that go on.
Selectors under_way(const crypto::Manifest& manifest) {
  Selectors out;
  for (const auto& key : manifest.keys) {
    if (key.state == crypto::KeyState::pending && overtaken_by(manifest, key) == nullptr)
      out.push_back(key.selector);
  }
  return out;
}

seconds pause_after(seconds waited, const TurnReport& report, const Clock& now) {
  const seconds pause = std::clamp(waited / 4, shortest_pause, longest_pause);
  if (!report.next_look) return pause;
  return std::clamp(std::chrono::ceil<seconds>(*report.next_look - now()), second, pause);
}

// Shows that the program is still waiting: on a terminal, in a line that is written over and over.
class Progress {
 public:
  void show(const std::string& text) {
    if (text == shown_) return;
    clear_line();
    std::cerr << text << std::flush;
    shown_ = text;
  }

  void wait(seconds pause) {
    for (seconds left = pause; left > seconds(0); left -= second) {
      show_time(left);
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
  void show_time(seconds left) {
    if (!on_terminal_) return;
    const auto text =
        fmt::format("  waited for {} s; next look in {} s (Ctrl-C leaves the rest to the next run)",
                    waited().count(), left.count());
    clear_line();
    std::cerr << text << std::flush;
    width_ = text.size();
  }

  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  const bool on_terminal_ = isatty(STDERR_FILENO) != 0;
  std::string shown_;
  std::size_t width_ = 0;
};

}  // namespace

TurnReport wait_for_turn(crypto::StoreOfRecord& store, const canon::DomainName& domain, TurnOptions options,
                         TurnReport report, const Clock& now) {
  // Keys that another run begins meanwhile are not waited for.
  auto awaited = under_way(report.manifest);
  Progress progress;
  while (overlap(awaited, under_way(report.manifest)) || !report.without_slot.empty()) {
    const auto without_slot = report.without_slot;
    if (without_slot.empty()) options.request.replace = RotationRequest::Replace::none;
    options.request.only = without_slot;
    progress.show(describe_turn(domain, report));
    // A server that lags must not make a hook run every few seconds.
    options.published.insert(report.published.begin(), report.published.end());
    progress.wait(pause_after(progress.waited(), report, now));
    try {
      report = run_turn(store, domain, options, now);
    } catch (const crypto::StoreOfRecordError& error) {
      // As name servers do, a database comes back. What this run is to do, nobody else knows.
      if (!error.is_temporary()) throw;
      progress.show(fmt::format("{}\n", terminal_text(error.what())));
      continue;
    }
    if (!without_slot.empty()) awaited = under_way(report.manifest);
  }
  progress.clear_line();
  return report;
}

}  // namespace dkim::keytool
