// The error of an MTA that does not do what it agreed to, such as to take a signature.
#pragma once

#include "crypto/error.hpp"

namespace dkim::milter {

class MtaError : public crypto::Error {
 public:
  using Error::Error;
};

}  // namespace dkim::milter
