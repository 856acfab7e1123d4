// Where import reads from: files, seen through an interface, so that a plan can be made from texts in a test.
//
// All contents are taken for hostile: bounded, and never trusted to be what their name says.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "crypto/secret.hpp"
#include "crypto/utc_time.hpp"

namespace dkim::keytool::opendkim {

struct KeyFile {
  crypto::Secret content;
  mode_t mode = 0;
  crypto::UtcTime modified = {};
};

class Sources {
 public:
  Sources() = default;
  Sources(const Sources&) = delete;
  Sources& operator=(const Sources&) = delete;
  virtual ~Sources() = default;

  // Throw StoreError: not there, no regular file, not to be read, larger than such a file ever is.
  virtual std::string read_text(const std::filesystem::path& path) = 0;
  virtual KeyFile read_key(const std::filesystem::path& path) = 0;
  // The names in a directory, sorted. Throws StoreError.
  virtual std::vector<std::string> names_in(const std::filesystem::path& directory) = 0;
};

// The text of a file that is to be read in words. Throws StoreError as read_text does, and for a private key:
// its words would be told of.
std::string read_words(Sources& sources, const std::filesystem::path& path);

// The files of this host.
class HostFiles final : public Sources {
 public:
  std::string read_text(const std::filesystem::path& path) override;
  KeyFile read_key(const std::filesystem::path& path) override;
  std::vector<std::string> names_in(const std::filesystem::path& directory) override;
};

}  // namespace dkim::keytool::opendkim
