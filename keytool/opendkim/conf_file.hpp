// Reads opendkim.conf, as opendkim 2.11 does: a name, white space, a value, a line each; "#" begins a
// comment anywhere; no continuation lines; a later line of the same name wins; Include up to five levels.
//
// Other than there, a wrong line does not end it: it is remarked on, but not shown, since the file may be
// another than was meant.
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
  std::string value;          // empty where the line has none
  std::string place;          // FILE:LINE
  std::string argument = {};  // "-d": it stands in a command line
};

// The settings of one text, in order, Include lines among them. Total: any octets are some settings.
std::vector<Setting> parse_settings(std::string_view text, const std::string& file_name);

// A path of a configuration, and what to say where there is no such file.
struct LocatedPath {
  std::filesystem::path path;
  std::string hint;  // to follow what is said of the file; mostly empty
};

class ConfFile {
 public:
  // Reads the file and what it includes. Throws StoreError if the first file cannot be read, or has no line
  // that is a setting; what is wrong further in is a remark.
  // working_directory: where opendkim is started, "/" for a service.
  static ConfFile read(const std::filesystem::path& path, Sources& sources,
                       const std::filesystem::path& working_directory = "/");
  // A configuration that is arguments alone; place: what they stand in.
  static ConfFile without_file(const std::filesystem::path& place,
                               const std::filesystem::path& working_directory);

  // As if they stood at the end: arguments of a command line. KeyFile is the one of which a file's counts.
  void add_arguments(std::vector<Setting> arguments);

  // The last of that name, whatever its case; nothing if there is none.
  const Setting* find(std::string_view name) const;
  // "no" for what is neither yes nor no, and for what is not there.
  bool is_on(std::string_view name) const;
  // Where a relative path begins: in BaseDirectory, else where opendkim is started.
  std::filesystem::path resolve(std::string_view path) const;
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
