// A message as it stands in a file: LF or CRLF line ends, with or without a body.
//
// Read by dkimkey sign, verify and explain. The header is divided as Postfix divides it, so that what is
// signed is what the daemon would be shown. Total: any octets are a message.
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

  // As on the wire: folds by CRLF whatever the file has.
  const std::vector<canon::HeaderField>& fields() const { return fields_; }

  // The fields' lines as they stand. An mbox "From " line before them is no part of the message.
  std::string_view header() const { return part(header_start_, header_end_); }
  // The empty line and what follows it; the file's octets.
  std::string_view rest() const { return part(header_end_, text_.size()); }
  std::string_view body() const { return part(body_start_, text_.size()); }
  // That of the first line; LF where there is none.
  std::string_view line_end() const { return crlf_ ? "\r\n" : "\n"; }

  // What is wrong with the very beginning of the file, where that hides its header: a byte order mark, an
  // empty first line, UTF-16. Nothing for a message that begins with a field.
  std::optional<std::string> bad_start() const;

  // The line, from 1, that is neither a field nor empty: Postfix takes it for the body's first and puts the
  // missing empty line before it. 0 where there is none.
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

// More header than the daemon, or a receiver, would look at (crypto/signatures/identity)?
bool is_header_too_large(const MessageFile& message);

// What its From: field says. Refuses what the daemon would not sign, whoever the author.
canon::Result<crypto::Authors> authors_of(const MessageFile& message);

// Reads the whole file; "-" is standard input. Throws StoreError.
std::string read_message_text(const std::string& path);

}  // namespace dkim::keytool
