#include "keytool/opendkim/sources.hpp"

#include <algorithm>

#include "crypto/error.hpp"
#include "crypto/file.hpp"
#include "keytool/opendkim/key_material.hpp"

namespace dkim::keytool::opendkim {
namespace {

// A table line has a hundred octets; this is one for each of a million domains, twice.
constexpr std::size_t text_limit = 256 << 20;
constexpr std::size_t key_limit = 64 << 10;

crypto::OpenedFile open_file(const std::filesystem::path& path) {
  auto file = crypto::open_regular_file(path);
  if (!file) throw crypto::StoreError(path.string() + " does not exist");
  return *std::move(file);
}

}  // namespace

std::string read_words(Sources& sources, const std::filesystem::path& path) {
  auto text = sources.read_text(path);
  if (is_key_material(text)) throw crypto::StoreError(path.string() + " is a private key");
  return text;
}

std::string HostFiles::read_text(const std::filesystem::path& path) {
  const auto content = crypto::read_all(open_file(path), path, text_limit);
  return {content.begin(), content.end()};
}

KeyFile HostFiles::read_key(const std::filesystem::path& path) {
  const auto file = open_file(path);
  return {crypto::read_all(file, path, key_limit), file.status.st_mode,
          crypto::UtcTime(std::chrono::seconds(file.status.st_mtim.tv_sec))};
}

std::vector<std::string> HostFiles::names_in(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entries(directory, error);
  for (const auto end = std::filesystem::directory_iterator(); !error && entries != end;
       entries.increment(error))
    names.push_back(entries->path().filename().string());
  if (error)
    throw crypto::StoreError("cannot read the directory " + directory.string() + ": " + error.message());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace dkim::keytool::opendkim
