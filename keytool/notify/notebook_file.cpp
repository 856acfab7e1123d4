#include "keytool/notify/notebook_file.hpp"

#include <fmt/format.h>

#include "crypto/trusted_path.hpp"

namespace dkim::keytool {
namespace {

constexpr const char* file_name = ".notify";
constexpr const char* lock_name = ".notify.lock";
// Half a million concerns; larger is damaged.
constexpr std::size_t largest_file = 64 << 20;

StoredNotebook damaged(const std::filesystem::path& path, std::string_view why) {
  return {{},
          fmt::format("{} counts as empty, and a person may be told again what was told: {}", path.string(),
                      why)};
}

}  // namespace

StoredNotebook read_notebook(const std::filesystem::path& key_directory) {
  const auto path = key_directory / file_name;
  const auto file = crypto::open_trusted_file(path, 1);
  if (!file) return {};
  if (static_cast<std::size_t>(file->status.st_size) > largest_file)
    return damaged(path, "it is larger than dkimkey writes it");
  const auto content = crypto::read_all(*file, path, largest_file);
  try {
    return {parse_notebook(view(content))};
  } catch (const DamagedNotebook& error) {
    return damaged(path, error.what());
  } catch (const LaterNotebook& error) {
    throw LaterNotebook(
        fmt::format("{} is of a later dkimkey: {}. To begin again, remove it", path.string(), error.what()));
  }
}

LockedNotebook::LockedNotebook(const std::filesystem::path& key_directory)
    : key_directory_(key_directory),
      directory_(crypto::Directory::open(key_directory)),
      lock_(directory_.lock(lock_name)) {}

StoredNotebook LockedNotebook::read() const {
  return read_notebook(key_directory_);
}

void LockedNotebook::stage(const Notebook& notebook) const {
  discard();
  // For root alone: it names domains, and the daemon does not need it.
  directory_.write_temporary(file_name, write_notebook(notebook), {0600, static_cast<gid_t>(-1)});
}

void LockedNotebook::commit() const {
  directory_.rename_temporary(file_name);
  directory_.sync();
}

void LockedNotebook::discard() const {
  directory_.remove(crypto::temporary_name(file_name));
}

}  // namespace dkim::keytool
