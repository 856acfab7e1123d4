// Reads Postfix's configuration through postconf(1): the settings that decide whether mail is signed and
// stays as it was signed.
//
// The parsers are pure and take any text.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "keytool/doctor/postfix/milter_list.hpp"

namespace dkim::keytool {

using SettingMap = std::map<std::string, std::string, std::less<>>;

// A line of master.cf.
struct PostfixService {
  std::string name;  // "smtp", "127.0.0.1:10026"
  std::string type;  // "inet", "unix", "pass"
  bool chrooted = false;
  std::string command;   // "smtpd"
  SettingMap overrides;  // its -o options

  std::string label() const { return name + "/" + type; }
};

struct PostfixSettings {
  // The directory of main.cf, if the user named it; for the commands to paste.
  std::string directory;
  // main.cf with defaults, $names expanded.
  SettingMap main;
  std::vector<PostfixService> services;
  // The texts of smtp_header_checks' regexp: and pcre: tables, by "type:path", as far as they can be read.
  SettingMap tables;

  // Returns main.cf's value; empty if Postfix does not know the setting.
  std::string of(std::string_view setting) const;
  // Returns the service's value: from its own -o option, or else from main.cf.
  std::string of(const PostfixService& service, std::string_view setting) const;
  std::vector<const PostfixService*> running(std::string_view command) const;
  Jail jail_of(const PostfixService& service) const;

  // Returns "postconf -e 'NAME = VALUE'", quoted for the shell, or the same for a service's -o option.
  std::string set_command(std::string_view setting, std::string_view value) const;
  std::string set_command(const PostfixService& service, std::string_view setting,
                          std::string_view value) const;
  // Returns a command that removes a setting from main.cf, so that its default applies, or a service's -o
  // option, so that main.cf applies.
  std::string unset_command(std::string_view setting) const;
  std::string unset_command(const PostfixService& service, std::string_view setting) const;
  std::string reload_command() const;

 private:
  std::string postconf() const;
};

// Returns the names of the settings that are read.
const std::vector<std::string>& postfix_setting_names();

// Parses lines of "name = value".
SettingMap parse_settings(std::string_view text);
// What a chroot column of "-" means; decided by compatibility_level.
enum class DefaultChroot { no, yes };

// Parses the output of "postconf -F" and "postconf -x -P".
std::vector<PostfixService> parse_services(std::string_view fields, std::string_view overrides,
                                           DefaultChroot chroot);

// Returns whether there is a postconf, which Postfix installs.
bool postfix_is_installed();

// Runs postconf on this directory's main.cf, or on the system's if empty. Throws crypto::Error if Postfix is
// missing or not set up, or postconf fails, hangs or prints too much.
PostfixSettings read_postfix_settings(const std::string& directory);

}  // namespace dkim::keytool
