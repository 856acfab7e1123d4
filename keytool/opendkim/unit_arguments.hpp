// Reads the command line that starts opendkim as a service. Its arguments override opendkim.conf, or name
// another file.
//
// The source is systemd's unit with its drop-ins and environment files or, without a unit,
// /etc/default/opendkim. Runs nothing. What cannot be found out becomes a remark.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "keytool/opendkim/conf_file.hpp"
#include "keytool/opendkim/remark.hpp"
#include "keytool/opendkim/sources.hpp"

namespace dkim::keytool::opendkim {

struct UnitArguments {
  // The file that -x names, or what opendkim reads without -x.
  std::filesystem::path configuration = "/etc/opendkim.conf";
  bool names_configuration = false;
  std::filesystem::path working_directory = "/";
  std::vector<Setting> settings;  // place: FILE: -d
  Remarks remarks;
};

// Reads the words of a command line, the program's name first. `place` is the file that they come from.
UnitArguments read_arguments(const std::vector<std::string>& words, const std::string& place);

// Reads one unit file. Throws StoreError if it cannot be read.
UnitArguments read_unit(const std::filesystem::path& unit, Sources& sources);

// Reads this host's service opendkim; returns nothing if there is none.
std::optional<UnitArguments> service_arguments(Sources& sources);

}  // namespace dkim::keytool::opendkim
