#include "keytool/messages/message_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iostream>

#include "canon/line_endings.hpp"
#include "canon/text.hpp"
#include "crypto/error.hpp"
#include "crypto/file.hpp"
#include "crypto/signatures/identity.hpp"

namespace dkim::keytool {
namespace {

// Returns the line with its line end, if it has one.
std::string_view line_at(std::string_view text, std::size_t start) {
  const std::size_t end = text.find('\n', start);
  return text.substr(start, end == std::string_view::npos ? end : end + 1 - start);
}

std::string_view without_line_end(std::string_view line) {
  if (!line.ends_with('\n')) return line;
  line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Returns the length of the field name at the beginning of a line, with white space before the colon, or 0 if
// there is none. Follows Postfix's is_header(): printable ASCII, then perhaps white space, then the colon.
std::size_t field_name_size(std::string_view line) {
  const auto name_end =
      std::find_if(line.begin(), line.end(), [](char c) { return c <= ' ' || c >= 0x7f || c == ':'; });
  const auto colon = std::find_if_not(name_end, line.end(), canon::is_wsp);
  if (name_end == line.begin() || colon == line.end() || *colon != ':') return 0;
  return static_cast<std::size_t>(colon - line.begin());
}

// In bytes. More than any mail server accepts, and small enough for a few copies in memory.
constexpr std::size_t message_limit = 256 << 20;

std::string read_descriptor(int fd, const std::string& path) {
  std::string text;
  std::array<char, 1 << 16> buffer;
  while (true) {
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) crypto::throw_store_error("read", path, errno);
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > message_limit) {
      throw crypto::StoreError(fmt::format("{} is larger than the {} MiB that a message may have here", path,
                                           message_limit >> 20U));
    }
  }
}

}  // namespace

MessageFile::MessageFile(std::string text) : text_(std::move(text)) {
  divide();
  // Until here the folds have the line ends of the file.
  for (auto& field : fields_) {
    field.value = canon::to_crlf(without_line_end(field.value));
  }
}

void MessageFile::divide() {
  std::size_t at = 0;
  std::size_t number = 1;
  crlf_ = line_at(text_, 0).ends_with("\r\n");
  // sendmail(1) drops an mbox line too. "From : a@example.com" is a field (RFC 5322 §4.5.2).
  if (text_.starts_with("From ") && field_name_size(line_at(text_, 0)) == 0) {
    at = line_at(text_, 0).size();
    ++number;
  }
  header_start_ = at;
  for (; at < text_.size(); ++number) {
    const std::string_view line = line_at(text_, at);
    if (without_line_end(line).empty()) {
      header_end_ = at;
      body_start_ = at + line.size();
      return;
    }
    // is_header_too_large() refuses the message, whatever follows.
    const bool too_large =
        at - header_start_ > crypto::header_size_limit || fields_.size() > crypto::header_field_limit;
    if (too_large || !take_header_line(line)) {
      header_end_ = body_start_ = at;
      stray_line_ = number;
      return;
    }
    at += line.size();
  }
  header_end_ = body_start_ = at;
}

bool MessageFile::take_header_line(std::string_view line) {
  if (canon::is_wsp(line.front()) && !fields_.empty()) {
    fields_.back().value += line;
    return true;
  }
  const std::size_t size = field_name_size(line);
  if (size == 0) return false;
  fields_.push_back({std::string(line.substr(0, size)), std::string(line.substr(size + 1))});
  return true;
}

std::optional<std::string> MessageFile::bad_start() const {
  if (!fields_.empty() || text_.empty()) return std::nullopt;
  if (text_.starts_with("\xef\xbb\xbf"))
    return "the file begins with a byte order mark (EF BB BF), which hides the first header field: remove it";
  if (text_.starts_with("\xff\xfe") || text_.starts_with("\xfe\xff"))
    return "the file is in UTF-16, and mail is not: convert it to UTF-8 without a byte order mark";
  const std::string_view first = line_at(text_, header_start_);
  if (first.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return "the message begins with an empty line, so it has no header: remove that line";
  if (canon::is_wsp(first.front()))
    return "the message begins with white space, so its first line is not a header field: remove it";
  return std::nullopt;
}

bool is_header_too_large(const MessageFile& message) {
  // As the daemon counts: name, colon, value, CRLF.
  std::size_t size = 0;
  for (const auto& field : message.fields())
    size += field.name.size() + field.value.size() + 3;
  return size > crypto::header_size_limit || message.fields().size() > crypto::header_field_limit;
}

canon::Result<crypto::Authors> authors_of(const MessageFile& message) {
  if (is_header_too_large(message)) return canon::Refusal{crypto::header_too_large, 0};
  return crypto::authors_of_message(message.fields());
}

std::string read_message_text(const std::string& path) {
  if (path == "-") {
    if (isatty(STDIN_FILENO) != 0) std::cerr << "reading the message from the terminal, up to Ctrl-D\n";
    return read_descriptor(STDIN_FILENO, "standard input");
  }
  const crypto::FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) crypto::throw_store_error("open", path, errno);
  return read_descriptor(file.get(), path);
}

}  // namespace dkim::keytool
