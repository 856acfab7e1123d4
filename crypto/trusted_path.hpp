// Who may change what the programs go by? Configuration, manifests, keys, hooks and TSIG files decide what is
// signed and what root runs: they, and every directory on the way to them, must belong to root or to the
// user who runs the program, and nobody else may write them.
//
// The one rule for dkimsignd, dkimsignd --check and dkimkey, doctor included. Asked where a file is read or
// a directory opened, never for each message. The way is walked by descriptors from / on, each judged once it
// is open and before anything below it is looked at, links followed by hand: nobody who is not trusted can
// exchange what was judged. Usable from any thread; the user who runs the program must not change meanwhile.
//
// What the rule allows: a directory on the way that all may write if it is sticky, as /tmp is, and what is
// taken in it belongs to root or to the user himself; the user's own directories and files that his private
// group may write (umask 002, where each user has a group of his own name), but not root's.
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

// Why something is not to be gone by.
struct Distrust {
  std::filesystem::path path;  // which directory on the way, links resolved, or the file as it was named
  std::string what;            // "/srv/keys belongs to user 1000; it must ..."
  std::string remedy;          // a command for root to run: "chown root /srv/keys"
};

// "what; mend it with: remedy"
std::string to_string(const Distrust& distrust);

// A path that the rule refuses, in the words of to_string(Distrust).
class UntrustedPath : public StoreError {
 public:
  explicit UntrustedPath(const Distrust& distrust) : StoreError(to_string(distrust)), distrust_(distrust) {}
  const Distrust& distrust() const { return distrust_; }

 private:
  Distrust distrust_;
};

// What an entry is to us.
enum class TrustedAs {
  link,        // a symbolic link in a sticky directory: whose it is decides, it has no mode
  on_the_way,  // a directory that only leads further
  directory,   // one in which names are looked up that others must not be able to make
  file,
  private_key,   // a file that others must not be able to read either, nor its group to write
  shared_secret  // the same; the words differ
};

// Judges one opened entry by its status (fstat(2), not stat(2)); the path is for the words alone. Nothing if
// it can be trusted. Says nothing of the way to it.
std::optional<Distrust> find_distrust(const struct stat& status, const std::filesystem::path& path,
                                      TrustedAs as);

// Judges a path, the whole way from / to it, links followed. Nothing if it can be trusted. Throws StoreError
// if that cannot be found out: it is missing, or a directory on the way may not be entered.
std::optional<Distrust> find_distrust(const std::filesystem::path& path, TrustedAs as);

// Opens a directory, judged with the whole way to it, for *at(2) calls, fsync(2), fchown(2) and fchmod(2).
// Throws UntrustedPath, or StoreError if it cannot be opened or is none.
FileDescriptor open_trusted_directory(const std::filesystem::path& directory);

// Opens a regular file for reading, judged with the whole way to it; nothing if there is none. Devices and
// pipes are refused, and not waited for. The last directories, as many as said, are judged as
// TrustedAs::directory: nothing must be able to appear in them by others' hands. Throws UntrustedPath or
// StoreError.
std::optional<OpenedFile> open_trusted_file(const std::filesystem::path& file,
                                            std::size_t closed_directories = 0,
                                            TrustedAs as = TrustedAs::file);

// A directory that was judged with the whole way to it when it was opened, for many files below it in one go:
// what is above is not walked again. For the time of a run, not for a daemon's: a directory that another one
// replaces by its name is not seen. Usable from any thread.
class TrustedDirectory {
 public:
  // As open_trusted_directory; throws the same.
  static TrustedDirectory open(const std::filesystem::path& directory);

  // As open_trusted_file; the file's path is relative to this directory, and all directories in it are judged
  // as TrustedAs::directory.
  std::optional<OpenedFile> open_file(const std::filesystem::path& file,
                                      TrustedAs as = TrustedAs::file) const;

 private:
  TrustedDirectory(std::filesystem::path path, std::filesystem::path resolved, FileDescriptor descriptor,
                   const struct stat& status)
      : path_(std::move(path)),
        resolved_(std::move(resolved)),
        descriptor_(std::move(descriptor)),
        status_(status) {}

  // For the words alone: as it was named, and with links resolved.
  std::filesystem::path path_;
  std::filesystem::path resolved_;
  FileDescriptor descriptor_;
  struct stat status_;
};

}  // namespace dkim::crypto
