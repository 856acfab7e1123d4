// Writes the value of a signature field, folded at 76 columns.
//
// It folds only where RFC 6376 §3.2 and §3.5 allow white space: before a tag, around the colons of h= and
// inside base64. A word that is longer than a line gets a line of its own. Never fails.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dkim::canon {

class TagListWriter {
 public:
  // first_column: how many columns the field name and its colon take.
  explicit TagListWriter(std::size_t first_column) : column_(first_column) {}

  // Adds a tag that is never folded.
  void word(std::string_view name, std::string_view value);
  // Adds a list that may be folded before each colon.
  void colon_list(std::string_view name, const std::vector<std::string>& parts);
  // Adds a value that may be folded anywhere.
  void base64(std::string_view name, std::string_view value);

  // Returns the value so far. It begins with one SP; folds are CRLF HTAB.
  const std::string& str() const { return text_; }

 private:
  void open_tag(std::string_view name, std::size_t wanted);
  void put(std::string_view text);
  void fold();
  std::size_t room() const;

  std::string text_;
  std::size_t column_;
};

}  // namespace dkim::canon
