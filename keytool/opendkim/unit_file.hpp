// Reads from a systemd unit, or Debian's /etc/default, how a service is started: its command, as words.
//
// Follows systemd.service(5) and systemd.exec(5) as far as such units need it: drop-ins, continued lines,
// quotes, Environment, EnvironmentFile, specifiers that follow from the unit's name. Runs nothing.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "keytool/opendkim/sources.hpp"

namespace dkim::keytool::opendkim {

struct ServiceCommand {
  std::vector<std::string> words;  // the program first; empty: the unit starts nothing
  std::filesystem::path place;     // the file with the command
  std::filesystem::path working_directory = "/";
  bool has_specifiers = false;           // "%h" and the like were left as they are
  bool has_other_root = false;           // RootDirectory or RootImage is set
  std::vector<std::string> unread = {};  // why environment files that exist were not read
};

// Reads the unit and its drop-ins, in this order. The name of the first file is the unit's. Throws StoreError
// if one of them cannot be read; an unreadable environment file counts as empty, and is named.
ServiceCommand read_service(const std::vector<std::filesystem::path>& files, Sources& sources);

}  // namespace dkim::keytool::opendkim
