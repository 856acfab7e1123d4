// The faults of this project: things that should work and did not. Each has a message that a person can act
// on. Ordinary refusals are values (canon/result.hpp), not exceptions.
//
// Each program catches them in exactly one place: dkimsignd turns them into a verdict on the message, dkimkey
// into an exit code.
#pragma once

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace dkim::crypto {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// OpenSSL failed, and the input is not to blame.
class OpenSslError : public Error {
 public:
  using Error::Error;
};

// Why a file or directory is not trusted (crypto/trusted_path.hpp).
struct Distrust {
  std::filesystem::path path;  // the directory on the way, links resolved, or the file as it was named
  std::string what;            // "/srv/keys belongs to user 1000; it must ..."
  std::string remedy;          // a command for root to run: "chown root /srv/keys"
};

// A private key cannot be used: it is missing, unreadable, open to others, damaged or of the wrong kind.
class KeyFileError : public Error {
 public:
  using Error::Error;
  KeyFileError(const std::string& what, Distrust distrust) : Error(what), distrust_(std::move(distrust)) {}

  // Returns nothing unless the key file or the way to it is not trusted.
  const std::optional<Distrust>& distrust() const { return distrust_; }

 private:
  std::optional<Distrust> distrust_;
};

// The key store cannot be read or written, or a request contradicts its content.
class StoreError : public Error {
 public:
  using Error::Error;
};

// A configuration file or manifest is wrong; the message begins with file:line.
class SettingsError : public Error {
 public:
  using Error::Error;
};

// Throws a StoreError such as "cannot open /etc/x: Permission denied".
[[noreturn]] void throw_store_error(std::string_view action, const std::filesystem::path& path,
                                    int error_number);

}  // namespace dkim::crypto
