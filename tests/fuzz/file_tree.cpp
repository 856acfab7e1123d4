#include "tests/fuzz/file_tree.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/fuzz/require.hpp"

namespace dkim::test {
namespace {

constexpr std::size_t most_files = 16;

std::filesystem::path make_directory() {
  const std::filesystem::path memory = "/dev/shm";
  const auto parent = access(memory.c_str(), W_OK) == 0 ? memory : std::filesystem::temp_directory_path();
  std::string path = parent / "fuzz-files-XXXXXX";
  require(mkdtemp(path.data()) != nullptr, "a directory can be made");
  return path;
}

void write(const std::filesystem::path& path, std::string_view content, mode_t mode) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  require(fd >= 0, "a file can be made");
  require(::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()),
          "a file can be written");
  require(fchmod(fd, mode) == 0, "a file can get its mode");
  close(fd);
}

std::string with_directory(std::string_view text, const std::string& directory) {
  std::string out;
  for (auto at = text.find("~/"); at != std::string_view::npos; at = text.find("~/")) {
    out += text.substr(0, at);
    out += directory + "/";
    text.remove_prefix(at + 2);
  }
  return out.append(text);
}

}  // namespace

FileTree::FileTree(const std::string& name)
    : scratch_(make_directory()), directory_(scratch_ / "keys/example.com"), name_(name) {
  std::filesystem::create_directories(directory_);
  require(symlink(".", (directory_ / "sub").c_str()) == 0, "a link can be made");
}

FileTree::~FileTree() {
  std::filesystem::remove_all(scratch_);
}

bool FileTree::fill(std::string_view input) {
  for (const auto& path : made_)
    std::filesystem::remove(path);
  made_.clear();
  // These would lead to other files of this machine: "/etc/x", "../x".
  if (input.find("\"/") != std::string_view::npos || input.find("..") != std::string_view::npos ||
      input.find("\xff"
                 "l/") != std::string_view::npos) {
    return false;
  }
  for (std::size_t number = 0; number < most_files; ++number) {
    const auto end = input.find('\xff');
    auto piece = input.substr(0, end);
    const bool is_first = number == 0;
    const char kind = is_first || piece.empty() ? 'f' : piece.front();
    if (!is_first && !piece.empty()) piece.remove_prefix(1);
    const auto content = with_directory(piece, directory_.string());
    const auto path = directory_ / (is_first ? name_ : std::to_string(number));
    if (is_first) text_ = content;
    make(path, kind, content);
    made_.push_back(path);
    if (end == std::string_view::npos) break;
    input.remove_prefix(end + 1);
  }
  return true;
}

void FileTree::make(const std::filesystem::path& path, char kind, const std::string& content) const {
  switch (kind) {
    case 'd':
      require(mkdir(path.c_str(), 0755) == 0, "a directory can be made");
      break;
    case 'p':
      require(mkfifo(path.c_str(), 0644) == 0, "a FIFO can be made");
      break;
    case 'l':
      // A link that cannot be made, such as one to nothing, becomes an empty file.
      if (symlink(content.c_str(), path.c_str()) != 0) write(path, "", 0644);
      break;
    default:
      write(path, content, kind == 'w' ? 0666 : 0644);
      break;
  }
}

}  // namespace dkim::test
