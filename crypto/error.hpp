// The faults of this project: things that should work and did not. Each has a message that a person can act
// on. Ordinary refusals are values (canon/result.hpp), not exceptions.
//
// Each program catches them in exactly one place: dkimsignd turns them into a verdict on the message, dkimkey
// into an exit code.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

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

// A private key cannot be used: it is missing, unreadable, open to others, damaged or of the wrong kind.
class KeyFileError : public Error {
 public:
  using Error::Error;
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
