#include "crypto/settings/publishing_files.hpp"

#include <sys/stat.h>

#include <cerrno>

#include "crypto/shell_word.hpp"
#include "crypto/trusted_path.hpp"

namespace dkim::crypto {
namespace {

struct NamedFile {
  std::filesystem::path path;
  std::string name;
  TrustedAs as;
  mode_t wanted;  // one of these bits
};

std::optional<NamedFile> file_of(const PublishSettings& settings) {
  switch (settings.method) {
    case PublishSettings::Method::manual:
      break;
    case PublishSettings::Method::update:
      return NamedFile{settings.key_file, "the key_file of publish, ", TrustedAs::shared_secret, 0};
    case PublishSettings::Method::hook:
      return NamedFile{settings.program, "the program of publish, ", TrustedAs::file,
                       S_IXUSR | S_IXGRP | S_IXOTH};
  }
  return std::nullopt;
}

}  // namespace

std::optional<PublishingFault> find_publishing_fault(const PublishSettings& settings) {
  const auto file = file_of(settings);
  if (!file) return std::nullopt;
  try {
    if (const auto distrust = find_distrust(file->path, file->as))
      return PublishingFault{distrust->path, distrust->what, distrust->remedy};
  } catch (const StoreError&) {
    // It does not exist or cannot be examined; errno below says which.
  }
  const auto what = [&](const char* problem) { return file->name + file->path.string() + ", " + problem; };
  struct stat status {};
  if (stat(file->path.c_str(), &status) != 0) {
    if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP) return std::nullopt;
    return PublishingFault{file->path, what("does not exist"), {}};
  }
  if (!S_ISREG(status.st_mode)) return PublishingFault{file->path, what("is not a regular file"), {}};
  if (file->wanted != 0 && (status.st_mode & file->wanted) == 0) {
    return PublishingFault{file->path, what("cannot be run"), "chmod u+x " + shell_word(file->path.string())};
  }
  return std::nullopt;
}

}  // namespace dkim::crypto
