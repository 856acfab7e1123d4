// A directory in memory for fuzz targets that read their input as files, by their paths.
//
// The input is cut at bytes 0xff. The first piece is the file under test. The others become "1", "2", ...
// beside it; the first byte of such a piece says what it is:
//   w  a file that others may write      d  a directory      p  a FIFO
//   l  a link to what the piece names    anything else: a file
// "sub" leads back to the directory: "sub/1" is "1". In the pieces, "~/" stands for the directory.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace dkim::test {

class FileTree {
 public:
  // Makes the directory of the domain example.com in a key store. The file under test has this name.
  explicit FileTree(const std::string& name);
  ~FileTree();
  FileTree(const FileTree&) = delete;
  FileTree& operator=(const FileTree&) = delete;

  // Replaces the files with the pieces of this input. Returns false if they would lead out of the directory.
  bool fill(std::string_view input);

  const std::filesystem::path& directory() const { return directory_; }
  std::filesystem::path store() const { return directory_.parent_path(); }
  std::filesystem::path file() const { return directory_ / name_; }
  // Returns the content of the file under test.
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
