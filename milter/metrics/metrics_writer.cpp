#include "milter/metrics/metrics_writer.hpp"

#include <unistd.h>

#include <exception>

#include "crypto/text_file.hpp"
#include "milter/metrics/key_metrics.hpp"

namespace dkim::milter {

MetricsWriter::MetricsWriter(Shared& shared) : shared_(shared) {
  begin();
}

void MetricsWriter::begin() noexcept {
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::exception& error) {
    try {
      if (!shared_.setup()->config.metrics.file.empty()) report(error.what());
    } catch (const std::exception&) {
      // There is no memory even for the log line.
    }
  }
}

MetricsWriter::~MetricsWriter() {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void MetricsWriter::wake() {
  if (!thread_.joinable()) return begin();
  const std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

bool MetricsWriter::finish(std::chrono::milliseconds at_most) {
  if (!thread_.joinable()) return true;
  std::unique_lock lock(mutex_);
  finishing_ = true;
  changed_.notify_all();
  return changed_.wait_for(lock, at_most, [this] { return finished_; });
}

void MetricsWriter::run() noexcept {
  std::unique_lock lock(mutex_);
  while (true) {
    const bool last = finishing_;
    woken_ = false;
    lock.unlock();
    const auto interval = write_once();
    lock.lock();
    if (last) break;
    const auto called = [this] { return woken_ || finishing_; };
    if (interval) {
      changed_.wait_for(lock, *interval, called);
    } else {
      changed_.wait(lock, called);
    }
  }
  finished_ = true;
  changed_.notify_all();
}

std::optional<std::chrono::seconds> MetricsWriter::write_once() noexcept {
  const auto setup = shared_.setup();
  const auto& settings = setup->config.metrics;
  try {
    use_file(settings.file);
    if (!file_.empty()) report(trouble_of_writing(*setup));
  } catch (const std::exception&) {
    // There is no memory even for the log line. There may be some next time.
  }
  if (settings.file.empty()) return std::nullopt;
  return settings.interval;
}

void MetricsWriter::use_file(const std::filesystem::path& file) {
  if (file == file_) return;
  if (!file_.empty()) unlink(file_.c_str());
  file_ = file;
  trouble_.clear();
}

std::string MetricsWriter::trouble_of_writing(const Setup& setup) {
  const auto& config = setup.config;
  try {
    std::vector<prometheus::MetricFamily> keys;
    if (config.metrics.domains > 0) {
      keys = key_metrics(
          keys_.look(crypto::KeyStore(config.signing.key_directory), setup.keys, config.metrics.domains));
    }
    shared_.metrics.set_periods(config.keys.every, config.metrics.interval);
    shared_.metrics.set_cached_domains(setup.keys.size(), setup.keys.capacity());
    crypto::replace_text_file(file_, shared_.metrics.text(keys));
    return "";
  } catch (const std::exception& error) {
    return error.what();
  }
}

void MetricsWriter::report(const std::string& trouble) {
  if (trouble == trouble_) return;
  if (trouble.empty()) {
    shared_.log.metrics_written_again(file_.string());
  } else {
    shared_.log.metrics_not_written(trouble);
  }
  trouble_ = trouble;
}

}  // namespace dkim::milter
