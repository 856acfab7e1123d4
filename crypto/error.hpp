// The faults of this project: things that ought to work and did not. Each carries a message that a person
// can act on. Ordinary refusals are values (canon/result.hpp), not exceptions.
//
// Caught in exactly one place a program: milter/callbacks turns them into a verdict, keytool/main into an
// exit code.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

namespace dkim::crypto {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// OpenSSL failed at something that is not the input's fault.
class OpenSslError : public Error {
 public:
  using Error::Error;
};

// A private key cannot be used: missing, unreadable, too open, damaged, of the wrong kind.
class KeyFileError : public Error {
 public:
  using Error::Error;
};

// The key store cannot be read or written, or what was asked of it contradicts what it holds.
class StoreError : public Error {
 public:
  using Error::Error;
};

// A configuration file or manifest is wrong; the message begins with file:line.
class SettingsError : public Error {
 public:
  using Error::Error;
};

// "cannot open /etc/x: Permission denied", from errno as it stands.
[[noreturn]] void throw_store_error(std::string_view action, const std::filesystem::path& path,
                                    int error_number);

}  // namespace dkim::crypto
