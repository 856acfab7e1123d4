// Reads Postfix's lists of milters, as in smtpd_milters (MILTER_README), and finds dkimsignd's socket among
// their endpoints, however it is spelt.
//
// Pure; takes any text.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dkim::keytool {

// One milter of a list: "inet:host:port", "unix:path", "local:path", or one in braces with its own settings:
// "{ unix:path, default_action=accept }".
struct MilterEndpoint {
  std::string text;                            // the endpoint, without braces and settings
  std::string written;                         // all of it
  std::map<std::string, std::string> options;  // by main.cf's names, without "milter_"

  bool is_unix() const { return text.starts_with("unix:") || text.starts_with("local:"); }
  std::string address() const { return text.substr(text.find(':') + 1); }
};

// Parses the value of such a setting.
std::vector<MilterEndpoint> parse_milter_list(std::string_view value);

// The root of the file system as a process of Postfix sees it.
struct Jail {
  std::filesystem::path queue_directory;
  bool chrooted = true;
};

// Returns the file that a UNIX endpoint names, as this process sees it. Below the queue directory are all
// paths in a chroot, and relative paths outside one.
std::filesystem::path endpoint_path(const MilterEndpoint& endpoint, const Jail& jail);

// Returns whether this is dkimsignd's socket, given as in dkimsignd.conf: "unix:/path", "inet:port@address".
// Compares UNIX paths as text.
bool is_same_socket(const MilterEndpoint& endpoint, const Jail& jail, std::string_view socket);

// Returns whether it is probably meant to be dkimsignd's socket: it contains our name, or is another path
// that ends in the same directory and file. A file of the same name alone may be another milter's.
bool resembles_socket(const MilterEndpoint& endpoint, std::string_view socket);

// Returns how Postfix has to name the socket; nothing if it is outside the chroot, where no name reaches it.
std::optional<std::string> endpoint_for(std::string_view socket, const Jail& jail);

}  // namespace dkim::keytool
