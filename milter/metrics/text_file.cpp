#include "milter/metrics/text_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "crypto/error.hpp"
#include "crypto/file.hpp"

namespace dkim::milter {
namespace {

// Removes the temporary file and throws for the errno of now.
[[noreturn]] void give_up(const std::filesystem::path& temporary, std::string_view action,
                          const std::filesystem::path& path) {
  const int error = errno;
  unlink(temporary.c_str());
  crypto::throw_store_error(action, path, error);
}

void write_all(int fd, std::string_view content, const std::filesystem::path& temporary) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) give_up(temporary, "write", temporary);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

void replace_text_file(const std::filesystem::path& path, std::string_view content) {
  const auto temporary = crypto::temporary_path(path);
  // Another user may have left something under this name, such as a link to a file that is not ours.
  unlink(temporary.c_str());
  constexpr mode_t mode = 0644;
  const crypto::FileDescriptor fd(
      open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd) crypto::throw_store_error("create", temporary, errno);
  if (fchmod(fd.get(), mode) != 0) give_up(temporary, "set the mode of", temporary);  // whatever the umask
  write_all(fd.get(), content, temporary);
  if (std::rename(temporary.c_str(), path.c_str()) != 0) give_up(temporary, "put in place", path);
}

}  // namespace dkim::milter
