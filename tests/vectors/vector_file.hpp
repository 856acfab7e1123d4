// Test vectors as data: reads the .vec files of this folder and hands over the others whole.
//
// A .vec file holds records with a blank line between them. A record is lines of `Key = value`; a key may
// stand several times. Lines that begin with # are for people. In a value \r \n \t \\ are what they are in
// C, \s is SP (for the ends of a value, where an editor might eat one), \xHH any octet, and \{N}c the
// octet c N times. Throws std::runtime_error with file and line: a test with a broken vector must not pass.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dkim::test {

class VectorRecord {
 public:
  // The value of a key that stands there exactly once.
  const std::string& get(std::string_view key) const;
  std::vector<std::string> all(std::string_view key) const;
  bool has(std::string_view key) const;
  // "mailboxes.vec:17", to name a failed test.
  const std::string& where() const { return where_; }

 private:
  friend std::vector<VectorRecord> read_vectors(std::string_view file);
  std::string where_;
  std::vector<std::pair<std::string, std::string>> entries_;
};

// Never empty: no vectors is an error.
std::vector<VectorRecord> read_vectors(std::string_view file);

// A whole file, octet for octet: messages and keys.
std::string read_vector_file(std::string_view file);
// Its path, for what wants to open it itself.
std::string vector_path(std::string_view file);

}  // namespace dkim::test
