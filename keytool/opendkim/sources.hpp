// Interface for the files that import reads, so that tests can make a plan from texts.
//
// All contents are hostile: they are limited in size, and not trusted to be what their name says.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "crypto/file.hpp"
#include "crypto/secret.hpp"
#include "crypto/utc_time.hpp"
#include "keytool/opendkim/remark.hpp"

namespace dkim::keytool::opendkim {

struct KeyFile {
  crypto::Secret content;
  mode_t mode = 0;
  crypto::UtcTime modified = {};
};

class Sources {
 public:
  enum class Entry { none, file, directory, other };

  Sources() = default;
  Sources(const Sources&) = delete;
  Sources& operator=(const Sources&) = delete;
  virtual ~Sources() = default;

  // Both throw StoreError if the file is missing, not a regular file, unreadable, or larger than such a file
  // ever is.
  virtual std::string read_text(const std::filesystem::path& path) = 0;
  virtual KeyFile read_key(const std::filesystem::path& path) = 0;
  // Returns the names in a directory, sorted. Throws StoreError if it cannot be read.
  virtual std::vector<std::string> names_in(const std::filesystem::path& directory) = 0;
  // Returns what is at the path, links followed; none if it cannot be examined.
  virtual Entry entry_at(const std::filesystem::path& path) = 0;
};

struct Words {
  std::string text;
  Remarks remarks;
};

// Returns the text of a file that is read word by word, without its byte order mark, on which it remarks.
// Throws StoreError as read_text does, and if the file is not text or is a private key, since its words may
// be shown.
Words read_words(Sources& sources, const std::filesystem::path& path);

// Reads the files of this host.
//
// If root reads a configuration that somebody else owns, reads only tables that this owner may read: dkimkey
// must not show other people's files.
class HostFiles final : public Sources {
 public:
  explicit HostFiles(std::filesystem::path configuration) : configuration_(std::move(configuration)) {}

  std::string read_text(const std::filesystem::path& path) override;
  KeyFile read_key(const std::filesystem::path& path) override;
  std::vector<std::string> names_in(const std::filesystem::path& directory) override;
  Entry entry_at(const std::filesystem::path& path) override;

 private:
  // Throws StoreError if the file that was opened by this path is not for the configuration's owner to read.
  void check_reader(const std::filesystem::path& path, const crypto::OpenedFile& file);

  const std::filesystem::path configuration_;
  uid_t reader_ = 0;  // the owner of the configuration, or of one of its files
};

}  // namespace dkim::keytool::opendkim
