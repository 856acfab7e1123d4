// The thread that writes metrics_file, so that no message waits for a disk.
//
// At start, every metrics_interval, at once when the configuration has changed, and at the end. A file that
// cannot be written is logged once, until the reason changes or it works again; mail goes on. A file that the
// configuration does not name any more is removed: it would go on telling what was.
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "milter/metrics/key_watch.hpp"
#include "milter/shared.hpp"

namespace dkim::milter {

class MetricsWriter {
 public:
  // Begins at once. shared outlives it. Without a thread for it, that is logged and tried again at wake():
  // mail does not need it.
  explicit MetricsWriter(Shared& shared);
  MetricsWriter(const MetricsWriter&) = delete;
  MetricsWriter& operator=(const MetricsWriter&) = delete;
  ~MetricsWriter();

  // The configuration has changed.
  void wake();
  // Writes a last time, if it has a thread. False where that takes longer: a file system that hangs must not
  // keep us.
  bool finish(std::chrono::milliseconds at_most);

 private:
  void begin() noexcept;
  void run() noexcept;
  // Gives the time until the next turn; none without a file.
  std::optional<std::chrono::seconds> write_once() noexcept;
  void use_file(const std::filesystem::path& file);
  std::string trouble_of_writing(const Setup& setup);
  void report(const std::string& trouble);

  Shared& shared_;

  // The thread's own.
  KeyWatch keys_;
  std::filesystem::path file_;  // the one that was written last
  std::string trouble_;         // with it; empty if there is none

  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  bool finishing_ = false;
  bool finished_ = false;
  std::thread thread_;
};

}  // namespace dkim::milter
