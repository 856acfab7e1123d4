// Reads opendkim.conf, as opendkim 2.11 does: a name, white space, a value, a line each; "#" begins a
// comment anywhere; no continuation lines; a later line of the same name wins; Include up to five levels.
//
// Other than there, a wrong line does not end it: it is remarked on.
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
  std::string name;   // as written
  std::string value;  // empty where the line has none
  std::string place;  // FILE:LINE
};

// The settings of one text, in order, Include lines among them. Total: any octets are some settings.
std::vector<Setting> parse_settings(std::string_view text, const std::string& file_name);

class ConfFile {
 public:
  // Reads the file and what it includes. Throws StoreError if the first file cannot be read; what is wrong
  // further in is a remark.
  static ConfFile read(const std::filesystem::path& path, Sources& sources);

  // The last of that name, whatever its case; nothing if there is none.
  const Setting* find(std::string_view name) const;
  // "no" for what is neither yes nor no, and for what is not there.
  bool is_on(std::string_view name) const;
  // Where a relative path begins.
  std::filesystem::path resolve(std::string_view path) const;

  const std::vector<Setting>& settings() const { return settings_; }
  const Remarks& remarks() const { return remarks_; }

 private:
  void add_file(const std::filesystem::path& path, const std::string& text, Sources& sources, int depth);

  std::vector<Setting> settings_;
  Remarks remarks_;
  std::size_t files_ = 0;  // included
};

}  // namespace dkim::keytool::opendkim
