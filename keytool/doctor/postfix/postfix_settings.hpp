// What Postfix's configuration says, by postconf(1): the settings that decide whether mail is signed and
// stays as it was signed.
//
// Read by dkimkey doctor, judged by postfix_checks. The parsers are pure and take any text.
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
  // For the commands to paste: where main.cf is, if it was named.
  std::string directory;
  // main.cf with its defaults, $names expanded.
  SettingMap main;
  std::vector<PostfixService> services;
  // The text of the regexp: and pcre: tables of smtp_header_checks, by "type:path"; those that can be read.
  SettingMap tables;

  // Empty where Postfix does not know the setting.
  std::string of(std::string_view setting) const;
  // As this service has it: its own -o option, else main.cf.
  std::string of(const PostfixService& service, std::string_view setting) const;
  std::vector<const PostfixService*> running(std::string_view command) const;
  Jail jail_of(const PostfixService& service) const;

  // "postconf -e 'NAME = VALUE'", quoted for the shell; and for a service's -o option.
  std::string set_command(std::string_view setting, std::string_view value) const;
  std::string set_command(const PostfixService& service, std::string_view setting,
                          std::string_view value) const;
  // Takes away a setting of main.cf, so that its default counts; a service's -o option, so that main.cf does.
  std::string unset_command(std::string_view setting) const;
  std::string unset_command(const PostfixService& service, std::string_view setting) const;
  std::string reload_command() const;

 private:
  std::string postconf() const;
};

// The settings that are asked for.
const std::vector<std::string>& postfix_setting_names();

// Lines of "name = value".
SettingMap parse_settings(std::string_view text);
// From "postconf -F" and "postconf -x -P". A chroot column of "-" means what compatibility_level says.
std::vector<PostfixService> parse_services(std::string_view fields, std::string_view overrides,
                                           bool chroot_by_default);

// Runs postconf, on this directory's main.cf or the system's. Throws crypto::Error: there is no Postfix, or
// none that is set up, or postconf fails, hangs or prints too much.
PostfixSettings read_postfix_settings(const std::string& directory);

}  // namespace dkim::keytool
