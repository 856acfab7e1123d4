#include "crypto/settings/settings_source.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "crypto/error.hpp"
#include "crypto/settings/settings_scanner.hpp"
#include "crypto/trusted_path.hpp"

namespace dkim::crypto {
namespace {

// The only device that can be read to its end without waiting: "--config /dev/null" means all defaults.
bool is_null_device(const std::filesystem::path& path) {
  struct stat status = {};
  return stat(path.c_str(), &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

}  // namespace

SettingsSource SettingsSource::read(const std::filesystem::path& path) {
  if (is_null_device(path)) return of_text("", path.string());
  try {
    const auto opened = open_trusted_file(path);
    if (!opened)
      throw SettingsError(
          fmt::format("{}: cannot be read; check that it exists and its permissions", path.string()));
    return scan_settings_file(*opened, path);
  } catch (const StoreError& error) {
    throw SettingsError(error.what());
  }
}

SettingsSource SettingsSource::of_text(std::string_view text, const std::string& name) {
  return scan_settings_text(text, name);
}

std::string SettingsSource::place(std::size_t line) const {
  const auto after =
      std::upper_bound(runs_.begin(), runs_.end(), line,
                       [](std::size_t wanted, const Run& run) { return wanted < run.first_line; });
  const Run& run = after == runs_.begin() ? *after : *std::prev(after);
  return fmt::format("{}:{}", files_[run.file], run.line + (line - std::min(line, run.first_line)));
}

std::size_t SettingsSource::memory_bound() const {
  // Two copies of the text, its strings, and the buffers in which these grow, each as large again; a setting
  // with its name, its value and a group's first list of members.
  constexpr std::size_t of_value = 512;
  constexpr std::size_t of_parser = 64 << 10;
  return 8 * text_.size() + of_value * values_ + of_parser;
}

}  // namespace dkim::crypto
