// Tells one version of a file from another without reading it. Nothing here throws.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <ctime>

namespace dkim::crypto {

struct FileStamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  timespec modified = {};
  timespec changed = {};

  bool operator==(const FileStamp& other) const;
  // Returns false if the file was changed so shortly before it was read that another one, made within the
  // clock's granularity, could have the same stamp (inode numbers are used again).
  bool is_settled_at(timespec read_time) const;
};

FileStamp stamp_of(const struct stat& status);

// Returns the time with which file times are compared.
timespec file_clock_now();

}  // namespace dkim::crypto
