// What is wrong with how dkimkey was called. All else that goes wrong is a crypto::Error.
//
// Caught in main.cpp only, which ends with ExitCode::usage.
#pragma once

#include "crypto/error.hpp"

namespace dkim::keytool {

// The command line asks for something that cannot be.
class UsageError : public crypto::Error {
 public:
  using Error::Error;
};

// The configuration file cannot be read or is wrong; the message begins with file:line. A type of its own,
// since a damaged manifest in the key store (crypto::SettingsError) is a problem found, not a mistake of
// the caller.
class ConfigurationError : public crypto::Error {
 public:
  using Error::Error;
};

}  // namespace dkim::keytool
