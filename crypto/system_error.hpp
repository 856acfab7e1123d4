// A system call failed on a file of the store: what throw_store_error() throws (crypto/error.hpp), for those
// who need to know how it failed.
#pragma once

#include "crypto/error.hpp"

namespace dkim::crypto {

class SystemError : public StoreError {
 public:
  SystemError(const std::string& what, int code) : StoreError(what), code_(code) {}
  int code() const { return code_; }  // errno

  // Whether the next file would fail as well: the disk is full or broken, or this process has no means left.
  bool concerns_all_files() const;

 private:
  int code_;
};

}  // namespace dkim::crypto
