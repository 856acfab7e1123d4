#include "keytool/system/program_input.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "crypto/error.hpp"

namespace dkim::keytool {
namespace {

constexpr const char* name = "input";  // for /proc and for errors

}  // namespace

crypto::FileDescriptor readable_file(std::string_view text) {
  crypto::FileDescriptor file(memfd_create(name, MFD_CLOEXEC));
  if (!file) crypto::throw_store_error("make a file in memory:", name, errno);
  crypto::write_fully(file, text, name);
  if (lseek(file.get(), 0, SEEK_SET) != 0) crypto::throw_store_error("rewind", name, errno);
  return file;
}

}  // namespace dkim::keytool
