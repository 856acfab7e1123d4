#include "crypto/text_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <exception>

#include "crypto/error.hpp"
#include "crypto/file.hpp"

namespace dkim::crypto {

void replace_text_file(const std::filesystem::path& path, std::string_view content) {
  const auto temporary = temporary_path(path);
  // Another user may have left something under this name, such as a link to a file that is not ours.
  unlink(temporary.c_str());
  constexpr mode_t mode = 0644;
  const FileDescriptor fd(
      open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd) throw_store_error("create", temporary, errno);
  try {
    // open() has applied the umask to the mode.
    if (fchmod(fd.get(), mode) != 0) throw_store_error("set the mode of", temporary, errno);
    write_fully(fd, content, temporary);
    if (std::rename(temporary.c_str(), path.c_str()) != 0) throw_store_error("put in place", path, errno);
  } catch (const std::exception&) {
    unlink(temporary.c_str());
    throw;
  }
}

}  // namespace dkim::crypto
