#include "keytool/opendkim/sources.hpp"

#include <fmt/format.h>

#include <pwd.h>
#include <unistd.h>

#include <algorithm>

#include "crypto/error.hpp"
#include "crypto/file.hpp"
#include "keytool/opendkim/key_material.hpp"
#include "keytool/output/shell_word.hpp"
#include "keytool/system/file_access.hpp"

namespace dkim::keytool::opendkim {
namespace {

// A table line has a hundred bytes; this is enough for two lines for each of a million domains.
constexpr std::size_t text_limit = 256 << 20;
constexpr std::size_t key_limit = 64 << 10;
constexpr std::size_t most_names = 4'000'000;

crypto::OpenedFile open_file(const std::filesystem::path& path) {
  auto file = crypto::open_regular_file(path);
  if (!file) throw crypto::StoreError(fmt::format("{} does not exist", path.string()));
  return *std::move(file);
}

}  // namespace

Words read_words(Sources& sources, const std::filesystem::path& path) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  Words words{sources.read_text(path), {}};
  auto& text = words.text;
  if (is_key_material(text)) throw crypto::StoreError(fmt::format("{} is a private key", path.string()));
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    const auto from = shell_word(path.string());
    throw crypto::StoreError(fmt::format(
        "{} is in UTF-16; convert it with: iconv -f UTF-16 -t UTF-8 {} > {}.new", path.string(), from, from));
  }
  if (text.find('\0') != std::string::npos)
    throw crypto::StoreError(fmt::format("{} is not text", path.string()));
  if (text.starts_with(byte_order_mark)) {
    text.erase(0, byte_order_mark.size());
    words.remarks.push_back(
        note(path.string(),
             "begins with a byte order mark: opendkim does not understand its first line, dkimkey does"));
  }
  return words;
}

void HostFiles::check_reader(const std::filesystem::path& path, const crypto::OpenedFile& file) {
  const uid_t owner = file.status.st_uid;
  // The configuration may be a directory of files.
  const bool is_configuration =
      !configuration_.empty() &&
      std::mismatch(configuration_.begin(), configuration_.end(), path.begin(), path.end()).first ==
          configuration_.end();
  if (is_configuration && owner != 0) reader_ = owner;
  if (geteuid() != 0 || reader_ == 0 || owner == reader_) return;
  const auto* user = getpwuid(reader_);
  const auto credentials = user == nullptr ? std::nullopt : credentials_of(user->pw_name);
  // Judges the file that was opened: a moment later its name may lead to another one.
  std::error_code error;
  const auto opened =
      std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", file.descriptor.get()), error);
  if (credentials && !error && !reading_problem(opened, *credentials)) return;
  const std::string name = credentials ? fmt::format(" ({})", credentials->user) : std::string();
  throw crypto::StoreError(fmt::format(
      "{} is not read, because the owner of the configuration{} may not read it; to have it read, chown "
      "the configuration to root",
      path.string(), name));
}

std::string HostFiles::read_text(const std::filesystem::path& path) {
  const auto file = open_file(path);
  check_reader(path, file);
  const auto content = crypto::read_all(file, path, text_limit);
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
       entries.increment(error)) {
    if (names.size() >= most_names)
      throw crypto::StoreError(fmt::format("the directory {} has too many entries", directory.string()));
    names.push_back(entries->path().filename().string());
  }
  if (error)
    throw crypto::StoreError(
        fmt::format("cannot read the directory {}: {}", directory.string(), error.message()));
  std::sort(names.begin(), names.end());
  return names;
}

Sources::Entry HostFiles::entry_at(const std::filesystem::path& path) {
  std::error_code error;
  switch (std::filesystem::status(path, error).type()) {
    case std::filesystem::file_type::none:
    case std::filesystem::file_type::not_found:
      return Entry::none;
    case std::filesystem::file_type::regular:
      return Entry::file;
    case std::filesystem::file_type::directory:
      return Entry::directory;
    default:
      return Entry::other;
  }
}

}  // namespace dkim::keytool::opendkim
