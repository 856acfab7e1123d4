// Reads opendkim.conf as opendkim 2.11 does: each line is a name, white space and a value; "#" begins a
// comment anywhere; there are no continuation lines; a later line of the same name wins; Include works up to
// five levels.
//
// Unlike opendkim, reading goes on after a wrong line. A remark names the line but does not show it, since
// the file may be another one than the user meant.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keytool/opendkim/remark.hpp"
#include "keytool/opendkim/sources.hpp"

namespace dkim::keytool::opendkim {

struct Setting {
  std::string name;           // as written
  std::string value;          // empty if the line has none
  std::string place;          // FILE:LINE
  std::string argument = {};  // "-d" if it comes from a command line, SOCKET if from /etc/default
};

// Parses the settings of one text, in order, including the Include lines. Never fails, whatever the bytes.
std::vector<Setting> parse_settings(std::string_view text, const std::string& file_name);

// A path from a configuration, with a hint for the case that no such file exists.
struct LocatedPath {
  std::filesystem::path path;
  std::string hint;  // continues a sentence about the file; usually empty
};

class ConfFile {
 public:
  // Reads the file and what it includes. `working_directory` is where opendkim is started, "/" for a service.
  // Throws StoreError if the first file cannot be read or none of its lines is a setting; remarks on errors
  // in included files.
  static ConfFile read(const std::filesystem::path& path, Sources& sources,
                       const std::filesystem::path& working_directory = "/");
  // Returns a configuration of arguments alone; `place` is the file that they come from.
  static ConfFile without_file(const std::filesystem::path& place,
                               const std::filesystem::path& working_directory);

  // Adds arguments of a command line at the end, so that they win; for KeyFile alone, the file's value wins.
  void add_arguments(std::vector<Setting> arguments);

  // Returns the last setting of that name, whatever its case; null if there is none.
  const Setting* find(std::string_view name) const;
  // Returns false if the setting is missing, or neither yes nor no.
  bool is_on(std::string_view name) const;
  // Makes a path absolute: relative to BaseDirectory, or else to where opendkim is started.
  std::filesystem::path resolve(std::string_view path) const;
  // Does the same, and prepares a hint if a relative path leads nowhere.
  LocatedPath locate(std::string_view path, Sources& sources) const;

  const std::vector<Setting>& settings() const { return settings_; }
  const Remarks& remarks() const { return remarks_; }

 private:
  void add_file(const std::filesystem::path& path, Sources& sources, int depth);
  void add_setting(Setting setting, Sources& sources, int depth);

  ConfFile(std::filesystem::path file, std::filesystem::path working_directory)
      : file_(std::move(file)), working_directory_(std::move(working_directory)) {}

  std::filesystem::path file_;
  std::filesystem::path working_directory_;
  std::vector<Setting> settings_;
  Remarks remarks_;
  std::size_t files_ = 0;  // included
};

}  // namespace dkim::keytool::opendkim
