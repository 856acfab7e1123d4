// Writes metrics_file in a thread of its own, so that no message waits for a disk.
//
// Writes at start, every metrics_interval, at once when the configuration has changed, and at the end. If the
// file cannot be written, that is logged once, until the reason changes or it works again; mail is not
// affected. A file that the configuration no longer names is removed, since it would show old values forever.
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
  // Starts the thread. Shared outlives this. If no thread can be started, that is logged and tried again at
  // wake(): mail does not need the metrics.
  explicit MetricsWriter(Shared& shared);
  MetricsWriter(const MetricsWriter&) = delete;
  MetricsWriter& operator=(const MetricsWriter&) = delete;
  ~MetricsWriter();

  // To be called when the configuration has changed.
  void wake();
  // Writes a last time, if there is a thread. Returns false if that takes longer than at_most: a file system
  // that hangs must not keep the daemon from stopping.
  bool finish(std::chrono::milliseconds at_most);

 private:
  void begin() noexcept;
  void run() noexcept;
  // Returns the time until the next write; nothing if there is no file.
  std::optional<std::chrono::seconds> write_once() noexcept;
  void use_file(const std::filesystem::path& file);
  std::string trouble_of_writing(const Setup& setup);
  void report(const std::string& trouble);

  Shared& shared_;

  // Used by the thread only.
  KeyWatch keys_;
  std::filesystem::path file_;  // the one that was written last
  std::string trouble_;         // why it could not be written; empty if it could

  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  bool finishing_ = false;
  bool finished_ = false;
  std::thread thread_;
};

}  // namespace dkim::milter
