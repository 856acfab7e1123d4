// Judges whether a file can be trusted. Configuration, manifests, keys, hooks and TSIG files decide what is
// signed and what root runs. They, and every directory on the way to them, must belong to root or to the user
// who runs the program, and nobody else may write them.
//
// This is the one rule for dkimsignd, dkimsignd --check and all of dkimkey. It is applied when a file is read
// or a directory opened, never for each message. The way is walked from / by descriptors; each directory is
// judged once it is open and before anything below it is looked at, and links are followed step by step. So
// nobody who is not trusted can exchange what was judged. Usable from any thread; the user who runs the
// program must not change meanwhile.
//
// Two exceptions: a directory on the way that all can write is accepted if it is sticky, like /tmp, and the
// next entry belongs to root or to the user; and a user's own directories and files may be writable by his
// private group (umask 002, where each user has a group of the same name), but root's may not.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "crypto/error.hpp"
#include "crypto/file.hpp"

namespace dkim::crypto {

// Returns "what; fix it with: remedy".
std::string to_string(const Distrust& distrust);

// A path is refused by the rule; the message is that of to_string(Distrust).
class UntrustedPath : public StoreError {
 public:
  explicit UntrustedPath(const Distrust& distrust) : StoreError(to_string(distrust)), distrust_(distrust) {}
  const Distrust& distrust() const { return distrust_; }

 private:
  Distrust distrust_;
};

// How an entry is used.
enum class TrustedAs {
  link,        // a symbolic link in a sticky directory: judged by its owner, as it has no mode
  on_the_way,  // a directory that only leads further
  directory,   // a directory in which others must not be able to make files
  file,
  private_key,   // a file that others must not be able to read, nor its group to write
  shared_secret  // like private_key, with another message
};

// Judges one opened entry by its status (fstat(2), not stat(2)), without the way to it. path: for the
// message. Returns nothing if the entry can be trusted.
std::optional<Distrust> find_distrust(const struct stat& status, const std::filesystem::path& path,
                                      TrustedAs as);

// Judges a path and the whole way from / to it; follows links. Returns nothing if it can be trusted. Throws
// StoreError if it is missing, or if a directory on the way cannot be entered.
std::optional<Distrust> find_distrust(const std::filesystem::path& path, TrustedAs as);

// Judges a directory and the whole way to it, and opens it for *at(2) calls, fsync(2), fchown(2) and
// fchmod(2). Throws UntrustedPath, or StoreError if it cannot be opened or is not a directory.
FileDescriptor open_trusted_directory(const std::filesystem::path& directory);

// Judges a regular file and the whole way to it, and opens it for reading; returns nothing if there is none.
// Refuses devices and pipes without waiting for them. closed_directories: how many of the last directories
// are judged as TrustedAs::directory. Throws UntrustedPath or StoreError.
std::optional<OpenedFile> open_trusted_file(const std::filesystem::path& file,
                                            std::size_t closed_directories = 0,
                                            TrustedAs as = TrustedAs::file);

// A directory that was judged, with the whole way to it, when it was opened; many files below it can then be
// opened without walking the way again. For programs that run for a short time, not for a daemon: it does not
// notice when another directory takes its name. Usable from any thread.
class TrustedDirectory {
 public:
  // Judges and throws like open_trusted_directory.
  static TrustedDirectory open(const std::filesystem::path& directory);

  // Like open_trusted_file, but with a path relative to this directory; all directories in it are judged as
  // TrustedAs::directory.
  std::optional<OpenedFile> open_file(const std::filesystem::path& file,
                                      TrustedAs as = TrustedAs::file) const;

 private:
  TrustedDirectory(std::filesystem::path path, std::filesystem::path resolved, FileDescriptor descriptor,
                   const struct stat& status)
      : path_(std::move(path)),
        resolved_(std::move(resolved)),
        descriptor_(std::move(descriptor)),
        status_(status) {}

  // For messages: the path as it was named, and with links resolved.
  std::filesystem::path path_;
  std::filesystem::path resolved_;
  FileDescriptor descriptor_;
  struct stat status_;
};

}  // namespace dkim::crypto
