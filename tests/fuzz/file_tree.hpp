// A directory in memory for fuzz targets that read their input as files, by the path.
//
// The input is cut at octets 0xff. The first piece is the file under test; the octet after each further one
// says what "1", "2", ... beside it is:
//   w  a file that others may write      d  a directory      p  a FIFO
//   l  a link to what the piece names    anything else: a file
// "sub" leads back to the directory: "sub/1" is "1". In the pieces "~/" stands for the directory.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace dkim::test {

class FileTree {
 public:
  // The file under test has this name. The directory is that of the domain example.com in a store.
  explicit FileTree(const std::string& name);
  ~FileTree();
  FileTree(const FileTree&) = delete;
  FileTree& operator=(const FileTree&) = delete;

  // Puts an input's pieces in the place of the last one's. False if they would lead out of the directory.
  bool fill(std::string_view input);

  const std::filesystem::path& directory() const { return directory_; }
  std::filesystem::path store() const { return directory_.parent_path(); }
  std::filesystem::path file() const { return directory_ / name_; }
  // What is in the file under test.
  const std::string& text() const { return text_; }

 private:
  void make(const std::filesystem::path& path, char kind, const std::string& content) const;

  std::filesystem::path scratch_;
  std::filesystem::path directory_;
  std::string name_;
  std::string text_;
  std::vector<std::filesystem::path> made_;
};

}  // namespace dkim::test
