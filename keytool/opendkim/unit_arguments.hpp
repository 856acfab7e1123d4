// The command line that starts opendkim as a service, as settings: its arguments override what stands in
// opendkim.conf, or name another file.
//
// Read from systemd's unit with its drop-ins and environment files, or, without a unit, from
// /etc/default/opendkim. Nothing is run, and what cannot be told is remarked on.
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
  // Of -x, or what opendkim reads without it.
  std::filesystem::path configuration = "/etc/opendkim.conf";
  bool names_configuration = false;
  std::filesystem::path working_directory = "/";
  std::vector<Setting> settings;  // place: FILE: -d
  Remarks remarks;
};

// Of the words of a command line, the program's name first. place: where it stands.
UnitArguments read_arguments(const std::vector<std::string>& words, const std::string& place);

// Of one unit file. Throws StoreError if it cannot be read.
UnitArguments read_unit(const std::filesystem::path& unit, Sources& sources);

// Of the service opendkim of this host; nothing if there is none.
std::optional<UnitArguments> service_arguments(Sources& sources);

}  // namespace dkim::keytool::opendkim
