#include "crypto/settings/publishing_files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <string_view>
#include <vector>

#include "crypto/shell_word.hpp"
#include "crypto/trusted_path.hpp"

namespace dkim::crypto {
namespace {

constexpr mode_t runnable = S_IXUSR | S_IXGRP | S_IXOTH;

struct NamedFile {
  std::filesystem::path path;
  std::string_view setting;
  TrustedAs as;
  mode_t wanted;  // one of these bits
};

std::vector<NamedFile> files_of(const PublishSettings& settings) {
  switch (settings.method) {
    case PublishSettings::Method::manual:
      break;
    case PublishSettings::Method::update:
      return {{settings.key_file, "key_file", TrustedAs::shared_secret, 0}};
    case PublishSettings::Method::hook:
      return {{settings.program, "program", TrustedAs::file, runnable}};
    case PublishSettings::Method::lexicon:
      return {{settings.credentials, "credentials", TrustedAs::shared_secret, 0},
              {settings.program, "program", TrustedAs::file, runnable}};
  }
  return {};
}

std::optional<PublishingFault> find_fault(const NamedFile& file) {
  try {
    if (const auto distrust = find_distrust(file.path, file.as))
      return PublishingFault{distrust->path, distrust->what, distrust->remedy};
  } catch (const StoreError&) {
    // It does not exist or cannot be examined; errno below says which.
  }
  const auto path = file.path.string();
  struct stat status = {};
  if (stat(file.path.c_str(), &status) != 0) {
    if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP) return std::nullopt;
    return PublishingFault{
        path, fmt::format("the {} of publish, {}, does not exist", file.setting, path), {}};
  }
  if (!S_ISREG(status.st_mode)) {
    return PublishingFault{
        path, fmt::format("the {} of publish, {}, is not a regular file", file.setting, path), {}};
  }
  if (file.wanted != 0 && (status.st_mode & file.wanted) == 0) {
    return PublishingFault{path, fmt::format("the {} of publish, {}, cannot be run", file.setting, path),
                           fmt::format("chmod u+x {}", shell_word(path))};
  }
  return std::nullopt;
}

}  // namespace

std::optional<PublishingFault> find_publishing_fault(const PublishSettings& settings) {
  for (const auto& file : files_of(settings)) {
    if (auto fault = find_fault(file)) return fault;
  }
  return std::nullopt;
}

}  // namespace dkim::crypto
