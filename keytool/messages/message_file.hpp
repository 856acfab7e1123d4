// Reads a message from a file: with LF or CRLF line ends, with or without a body (RFC 5322).
//
// Divides the header as Postfix does, so that dkimkey signs the fields that the daemon would see. Any bytes
// are a message: only reading the file can fail.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "canon/header_field.hpp"
#include "canon/result.hpp"
#include "crypto/signatures/identity.hpp"

namespace dkim::keytool {

class MessageFile {
 public:
  explicit MessageFile(std::string text);

  // Returns the fields as they are sent: folded with CRLF, whatever the file has.
  const std::vector<canon::HeaderField>& fields() const { return fields_; }

  // Returns the lines of the header, unchanged. The "From " line of an mbox before them is not part of the
  // message.
  std::string_view header() const { return part(header_start_, header_end_); }
  // Returns the bytes of the file from the empty line on.
  std::string_view rest() const { return part(header_end_, text_.size()); }
  std::string_view body() const { return part(body_start_, text_.size()); }
  // Returns the line end of the first line, or LF if it has none.
  std::string_view line_end() const { return crlf_ ? "\r\n" : "\n"; }

  // Returns what is wrong with the beginning of the file if that hides the header: a byte order mark, an
  // empty first line, UTF-16. Returns nothing for a message that begins with a field.
  std::optional<std::string> bad_start() const;

  // Returns the number, from 1, of the line in the header that is neither a field nor empty, or 0 if there is
  // none. Postfix lets the body begin there and inserts the missing empty line.
  std::size_t stray_line() const { return stray_line_; }

 private:
  std::string_view part(std::size_t begin, std::size_t end) const {
    return std::string_view(text_).substr(begin, end - begin);
  }
  void divide();
  bool take_header_line(std::string_view line);

  std::string text_;
  std::vector<canon::HeaderField> fields_;
  std::size_t header_start_ = 0;
  std::size_t header_end_ = 0;
  std::size_t body_start_ = 0;
  std::size_t stray_line_ = 0;
  bool crlf_ = false;
};

// Whether the header is larger than the daemon or a receiver would accept (crypto/signatures/identity).
bool is_header_too_large(const MessageFile& message);

// Returns the authors in the From: field. Refuses a message that the daemon would not sign for any author.
canon::Result<crypto::Authors> authors_of(const MessageFile& message);

// Reads the whole file; "-" is standard input. Throws StoreError if it cannot be read or is too large.
std::string read_message_text(const std::string& path);

}  // namespace dkim::keytool
