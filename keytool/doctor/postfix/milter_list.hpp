// Postfix's lists of milters, as in smtpd_milters (MILTER_README): which of their endpoints is dkimsignd's
// socket, whichever way it is spelt.
//
// Used by doctor's checks of Postfix. Pure; any text in.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dkim::keytool {

// One milter of a list: "inet:host:port", "unix:path", "local:path", or one in braces with settings of its
// own: "{ unix:path, default_action=accept }".
struct MilterEndpoint {
  std::string text;                            // the endpoint, without braces and settings
  std::string written;                         // all of it
  std::map<std::string, std::string> options;  // named as main.cf does, without "milter_"

  bool is_unix() const { return text.starts_with("unix:") || text.starts_with("local:"); }
  std::string address() const { return text.substr(text.find(':') + 1); }
};

std::vector<MilterEndpoint> parse_milter_list(std::string_view value);

// What a process of Postfix sees as the root of the file system.
struct Jail {
  std::filesystem::path queue_directory;
  bool chrooted = true;
};

// The file that a UNIX endpoint names, as this process sees it: in the chroot every path is below the queue
// directory, and outside a relative one is.
std::filesystem::path endpoint_path(const MilterEndpoint& endpoint, const Jail& jail);

// Is this dkimsignd's socket? The socket is as dkimsignd.conf has it: "unix:/path", "inet:port@address".
// UNIX paths are compared as text.
bool is_same_socket(const MilterEndpoint& endpoint, const Jail& jail, std::string_view socket);

// Is it likely meant to be it: does it have our name, or is it another path that ends in the same directory
// and file? A file of the same name alone may be another milter's.
bool resembles_socket(const MilterEndpoint& endpoint, std::string_view socket);

// How Postfix is to name the socket; nothing if it is outside of the chroot, where no name reaches it.
std::optional<std::string> endpoint_for(std::string_view socket, const Jail& jail);

}  // namespace dkim::keytool
