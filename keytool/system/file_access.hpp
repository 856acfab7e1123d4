// Finds out whether another user can read a file or connect to a socket. dkimkey runs as root, which can do
// everything; the daemon and Postfix cannot.
//
// Judges by the mode bits, as the kernel does for a user without capabilities; access control lists are not
// considered. A path that cannot be examined is a problem like any other: nothing here throws for it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace dkim::keytool {

struct Credentials {
  std::string user;
  std::string group;  // the name of the primary group
  uid_t uid = 0;
  std::vector<gid_t> groups;
};

// Returns nothing if there is no such user.
std::optional<Credentials> credentials_of(const std::string& user);

// What keeps a user out.
struct AccessProblem {
  std::string what;    // "user dkimsignd cannot read /path"
  std::string remedy;  // a command; empty where there is none
};

// Returns why the user cannot open the file for reading: the file or the directory that shuts it out, and the
// remedy. Returns nothing if the user can read it.
std::optional<AccessProblem> reading_obstacle(const std::filesystem::path& file, const Credentials& user);

// Returns the obstacle and its remedy as one sentence.
std::optional<std::string> reading_problem(const std::filesystem::path& file, const Credentials& user);

// Returns everything that keeps the user from connecting to a UNIX socket, from the user's root directory
// down to the socket. The socket's path begins at that root.
std::vector<AccessProblem> connecting_obstacles(const std::filesystem::path& root,
                                                const std::filesystem::path& socket, const Credentials& user);

}  // namespace dkim::keytool
