// What a systemd unit, or Debian's /etc/default, says of how a service is started: its command in words.
//
// As systemd.service(5) and systemd.exec(5) have it, as far as such units use it: drop-ins, continued lines,
// quotes, Environment, EnvironmentFile. Nothing is run.
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
  std::filesystem::path place;     // the file that says it
  std::filesystem::path working_directory = "/";
  bool has_specifiers = false;  // "%i" and its like were left as they stand
};

// files: the unit, then its drop-ins in their order. Throws StoreError if one of them cannot be read; an
// environment file that cannot be is as if it were empty.
ServiceCommand read_service(const std::vector<std::filesystem::path>& files, Sources& sources);

using Variables = std::map<std::string, std::string>;

// Of lines "NAME=value", values in quotes or without. $NAME in a value is replaced where the variable was set
// before, as a shell does. Total.
Variables parse_shell_variables(std::string_view text);

// Words between blanks, quotes and backslashes taken away. Total.
std::vector<std::string> split_words(std::string_view text);

}  // namespace dkim::keytool::opendkim
