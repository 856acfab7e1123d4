#include "crypto/settings/publishing_files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <string_view>

#include "crypto/shell_word.hpp"
#include "crypto/trusted_path.hpp"

namespace dkim::crypto {
namespace {

struct NamedFile {
  std::filesystem::path path;
  std::string_view setting;
  TrustedAs as;
  mode_t wanted;  // one of these bits
};

std::optional<NamedFile> file_of(const PublishSettings& settings) {
  switch (settings.method) {
    case PublishSettings::Method::manual:
      break;
    case PublishSettings::Method::update:
      return NamedFile{settings.key_file, "key_file", TrustedAs::shared_secret, 0};
    case PublishSettings::Method::hook:
      return NamedFile{settings.program, "program", TrustedAs::file, S_IXUSR | S_IXGRP | S_IXOTH};
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
  const auto path = file->path.string();
  struct stat status = {};
  if (stat(file->path.c_str(), &status) != 0) {
    if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP) return std::nullopt;
    return PublishingFault{
        path, fmt::format("the {} of publish, {}, does not exist", file->setting, path), {}};
  }
  if (!S_ISREG(status.st_mode)) {
    return PublishingFault{
        path, fmt::format("the {} of publish, {}, is not a regular file", file->setting, path), {}};
  }
  if (file->wanted != 0 && (status.st_mode & file->wanted) == 0) {
    return PublishingFault{path, fmt::format("the {} of publish, {}, cannot be run", file->setting, path),
                           fmt::format("chmod u+x {}", shell_word(path))};
  }
  return std::nullopt;
}

}  // namespace dkim::crypto
