// Writes the value of a signature field, folded at 76 columns.
//
// Called by crypto/signatures/signer. Folds are put only where RFC 6376 §3.2 and §3.5 allow white space:
// before a tag, around the colons of h=, inside base64. A word longer than a line stands on a line of its
// own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dkim::canon {

class TagListWriter {
 public:
  // first_column: how many columns the field name and its colon take before the value begins.
  explicit TagListWriter(std::size_t first_column) : column_(first_column) {}

  // A tag that cannot be broken.
  void word(std::string_view name, std::string_view value);
  // A list that may be broken before each colon.
  void colon_list(std::string_view name, const std::vector<std::string>& parts);
  // A value that may be broken anywhere.
  void base64(std::string_view name, std::string_view value);

  // The value so far, beginning with one SP, folded by CRLF HTAB.
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
