// Where import reads from: files, seen through an interface, so that a plan can be made from texts in a test.
//
// All contents are taken for hostile: bounded, and never trusted to be what their name says.
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

  // Throw StoreError: not there, no regular file, not to be read, larger than such a file ever is.
  virtual std::string read_text(const std::filesystem::path& path) = 0;
  virtual KeyFile read_key(const std::filesystem::path& path) = 0;
  // The names in a directory, sorted. Throws StoreError.
  virtual std::vector<std::string> names_in(const std::filesystem::path& directory) = 0;
  // What is there, links followed; none for what cannot be looked at.
  virtual Entry entry_at(const std::filesystem::path& path) = 0;
};

struct Words {
  std::string text;
  Remarks remarks;
};

// The text of a file that is to be read in words, without its byte order mark, which is remarked on. Throws
// StoreError as read_text does, and for what is no text or a private key: its words would be told of.
Words read_words(Sources& sources, const std::filesystem::path& path);

// The files of this host.
//
// Where root reads them for somebody else, whose configuration it is, only tables are read that the owner of
// that configuration may read: dkimkey is not to show other people's files.
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
  uid_t reader_ = 0;  // the owner of the configuration
};

}  // namespace dkim::keytool::opendkim
