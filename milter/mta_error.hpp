// The MTA did not do what it had agreed to: take a signature, let us add header fields.
#pragma once

#include "crypto/error.hpp"

namespace dkim::milter {

class MtaError : public crypto::Error {
 public:
  using Error::Error;
};

}  // namespace dkim::milter
