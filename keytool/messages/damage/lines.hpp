// Reads a text with CRLF line ends line by line. Nothing here fails.
#pragma once

#include <string_view>

namespace dkim::keytool {

// Removes the first line from the text and returns it, with its line end if it has one.
inline std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find("\r\n");
  const std::string_view line = text.substr(0, end == std::string_view::npos ? end : end + 2);
  text.remove_prefix(line.size());
  return line;
}

}  // namespace dkim::keytool
