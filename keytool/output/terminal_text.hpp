// Makes text of unknown origin (file names, addresses, notes, parts of messages) safe to show: nothing in it
// can move a terminal's cursor, end a line or pass for another line of output. Accepts any bytes; never
// fails.
#pragma once

#include <string>
#include <string_view>

namespace dkim::keytool {

// Writes control characters (also Unicode's C1) and bytes that are not UTF-8 as \xNN. A line feed becomes
// \x0a, so a text of several lines needs one call per line. Unlike canon::printable, which is for logs, this
// keeps UTF-8 as a person typed it and cuts nothing off.
std::string terminal_text(std::string_view text);

// Returns the length in bytes of the valid UTF-8 sequence at the front of the text, or 0 if there is none
// (RFC 3629 §4).
std::size_t utf8_sequence_size(std::string_view text);

// Returns whether the UTF-8 sequence is one of U+0080 to U+009F: some terminals obey these control
// characters.
bool is_c1_control(std::string_view sequence);

}  // namespace dkim::keytool
