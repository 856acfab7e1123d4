// Reads test vectors: parses the .vec files of this folder, and returns the other files whole.
//
// A .vec file contains records with a blank line between them. A record is lines of `Key = value`; a key may
// occur several times. Lines that begin with # are comments. In a value, \r \n \t \\ mean the same as in C,
// \s is SP (for the ends of a value, where an editor might remove one), \xHH is any byte, and \{N}c is N
// times the byte c. Throws std::runtime_error with file and line: a test with a broken vector must not pass.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dkim::test {

class VectorRecord {
 public:
  // Returns the value of a key that must be there exactly once.
  const std::string& get(std::string_view key) const;
  std::vector<std::string> all(std::string_view key) const;
  bool has(std::string_view key) const;
  // Returns the place of the record, such as "mailboxes.vec:17", for messages of failed tests.
  const std::string& where() const { return where_; }

 private:
  friend std::vector<VectorRecord> read_vectors(std::string_view file);
  std::string where_;
  std::vector<std::pair<std::string, std::string>> entries_;
};

// Returns the records, never none: a file without vectors is an error.
std::vector<VectorRecord> read_vectors(std::string_view file);

// Returns a whole file byte for byte, for messages and keys.
std::string read_vector_file(std::string_view file);
// Returns the path of a file, for tests that open it themselves.
std::string vector_path(std::string_view file);

}  // namespace dkim::test
