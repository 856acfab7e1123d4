// The text that libconfig is to parse, read and bounded by us: a configuration with its @include lines
// resolved, or a text without any, and which line of which file each line came from.
//
// libconfig opens no file itself: at an @include that names a directory, or whose reading fails, its scanner
// ends the process. Nor is it given what it takes long or much memory for: it looks for each new setting
// among all others of its group, and its parser recurses.
//
// Used by crypto/settings/settings_reader. Errors are SettingsError: "FILE:LINE: what is wrong; what would be
// right".
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace dkim::crypto {

// Of a file with all that it includes, and of a manifest.
constexpr std::size_t most_settings_octets = 1 << 20;
constexpr int most_includes = 100;
constexpr std::size_t deepest_include = 10;  // as libconfig has it
// Of groups and lists in each other; ours need four.
constexpr std::size_t deepest_nesting = 16;
// In one group; the largest of ours, the file itself, has less than 40.
constexpr std::size_t most_settings_of_group = 200;
// Settings and entries of lists.
constexpr std::size_t most_settings_values = 100'000;

class SettingsSource {
 public:
  // Reads a file that only trusted users may write (crypto/trusted_path), and so each that it includes. Names
  // after @include that do not begin with / are taken from beside the first file, wherever they stand, as
  // libconfig does.
  static SettingsSource read(const std::filesystem::path& path);
  // Takes a text that was read already; the name stands for the file in errors. @include is refused.
  static SettingsSource of_text(std::string_view text, std::string name);

  // What there is to parse: no @include, no NUL, no byte order mark.
  const std::string& text() const { return text_; }
  // Where a line of text() came from: "FILE:LINE".
  std::string place(std::size_t line) const;
  // The name of the file itself.
  const std::string& name() const { return files_.front(); }
  // Octets of memory that libconfig takes at most to parse it.
  std::size_t memory_bound() const;

 private:
  friend class SettingsScanner;

  // From this line of text() on, lines are those of one file.
  struct Run {
    std::size_t first_line;
    std::size_t file;
    std::size_t line;
  };

  SettingsSource() = default;

  std::string text_;
  std::vector<std::string> files_;
  std::vector<Run> runs_;
  std::size_t values_ = 0;
};

}  // namespace dkim::crypto
