// The text that libconfig parses, read and limited by us: a configuration with its @include lines resolved,
// or a text without them. Knows from which line of which file each line came.
//
// libconfig does not open files itself, because its scanner ends the process at an @include that names a
// directory or cannot be read. Text that would cost it much time or memory is refused: it searches for each
// new setting among all others of its group, and its parser recurses.
//
// Errors are SettingsError: "FILE:LINE: what is wrong; what would be right".
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/secret.hpp"

namespace dkim::crypto {

// The limit in bytes for a file with all that it includes, and for a manifest.
constexpr std::size_t most_settings_bytes = 1 << 20;
constexpr int most_includes = 100;
constexpr std::size_t deepest_include = 10;  // as libconfig has it
// How deep groups and lists may be nested; ours need four levels.
constexpr std::size_t deepest_nesting = 16;
// The limit for one group; our largest, the file itself, has fewer than 40.
constexpr std::size_t most_settings_of_group = 200;
// The limit for settings and entries of lists.
constexpr std::size_t most_settings_values = 100'000;

class SettingsSource {
 public:
  // Reads a file and each file that it includes; only trusted users may be able to write them
  // (crypto/trusted_path.hpp). As in libconfig, names after @include that do not begin with / are relative to
  // the directory of the first file, whichever file they are in.
  static SettingsSource read(const std::filesystem::path& path);
  // Takes a text that was read already, and refuses @include. name: the file name for errors.
  static SettingsSource of_text(std::string_view text, const std::string& name);

  // Returns the text to parse, without @include, NUL and byte order mark.
  const SecretText& text() const { return text_; }
  // Returns the origin of a line of text(): "FILE:LINE".
  std::string place(std::size_t line) const;
  // Returns the name of the first file.
  const std::string& name() const { return files_.front(); }
  // Returns an upper limit, in bytes, of the memory that libconfig takes to parse the text.
  std::size_t memory_bound() const;

 private:
  friend class SettingsScanner;

  // From this line of text() on, lines are those of one file, up to the next run.
  struct Run {
    std::size_t first_line;
    std::size_t file;
    std::size_t line;
  };

  SettingsSource() = default;

  SecretText text_;  // fleet.conf has a password, and the file of sealing keys has keys
  std::vector<std::string> files_;
  std::vector<Run> runs_;
  std::size_t values_ = 0;
};

}  // namespace dkim::crypto
