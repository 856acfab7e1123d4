// Reads from a systemd unit, or Debian's /etc/default, how a service is started: its command, as words.
//
// Follows systemd.service(5) and systemd.exec(5) as far as such units need it: drop-ins, continued lines,
// quotes, Environment, EnvironmentFile. Runs nothing.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "keytool/opendkim/sources.hpp"

namespace dkim::keytool::opendkim {

struct ServiceCommand {
  std::vector<std::string> words;  // the program first; empty: the unit starts nothing
  std::filesystem::path place;     // the file with the command
  std::filesystem::path working_directory = "/";
  bool has_specifiers = false;  // "%i" and the like were left as they are
};

// Reads the unit and its drop-ins, in this order. Throws StoreError if one of them cannot be read; an
// unreadable environment file counts as empty.
ServiceCommand read_service(const std::vector<std::filesystem::path>& files, Sources& sources);

using Variables = std::map<std::string, std::string>;

// Parses lines "NAME=value", with or without quotes. Replaces $NAME in a value if the variable was set
// before, as a shell does. Never fails.
Variables parse_shell_variables(std::string_view text);

// Splits text at blanks; removes quotes and backslashes. Never fails.
std::vector<std::string> split_words(std::string_view text);

}  // namespace dkim::keytool::opendkim
