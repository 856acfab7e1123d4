// Exceptions for a wrong use of dkimkey; every other fault is a crypto::Error. keytool/main.cpp turns these
// two into ExitCode::usage.
#pragma once

#include "crypto/error.hpp"

namespace dkim::keytool {

// The command line is wrong.
class UsageError : public crypto::Error {
 public:
  using Error::Error;
};

// The configuration file cannot be read or is wrong; the message begins with file:line. This is not a
// crypto::SettingsError, because that also stands for a damaged manifest, which is not a mistake of the
// caller.
class ConfigurationError : public crypto::Error {
 public:
  using Error::Error;
};

}  // namespace dkim::keytool
