// Can another user read a file, or reach a socket? dkimkey runs as root, which can do everything; the daemon
// and Postfix cannot.
//
// Asked by dkimkey explain and doctor. Judges by mode bits as the kernel does for a user without
// capabilities; access lists beyond them are not looked at.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace dkim::keytool {

struct Credentials {
  std::string user;
  std::string group;  // the primary one's name
  uid_t uid = 0;
  std::vector<gid_t> groups;
};

// Nothing if there is no such user.
std::optional<Credentials> credentials_of(const std::string& user);

// What stands in the way.
struct AccessProblem {
  std::string what;    // "user dkimsignd cannot read /path"
  std::string remedy;  // a command; empty where there is none
};

// Why the user cannot open the file for reading: which directory on the way, or the file, shuts it out, and
// what would help. Nothing if it can.
std::optional<AccessProblem> reading_obstacle(const std::filesystem::path& file, const Credentials& user);

// The same in a sentence.
std::optional<std::string> reading_problem(const std::filesystem::path& file, const Credentials& user);

// Everything that keeps the user from connecting to a UNIX socket, from the root directory that it sees down
// to the socket itself. The socket's path is as seen from there.
std::vector<AccessProblem> connecting_obstacles(const std::filesystem::path& root,
                                                const std::filesystem::path& socket, const Credentials& user);

}  // namespace dkim::keytool
