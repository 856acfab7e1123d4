// Text of unknown origin (file names, addresses, notes, messages' contents) made safe to show: nothing in
// it can move a terminal's cursor, end a line or pass for another line of output.
#pragma once

#include <string>
#include <string_view>

namespace dkim::keytool {

// Control characters (those of Unicode's C1 too) and what is not UTF-8 become \xNN. A line feed becomes
// \x0a: what is more than a line is put together from several calls. Other than canon::printable, which is
// for logs, this leaves UTF-8 as a person typed it, and cuts nothing off.
std::string terminal_text(std::string_view text);

// How many octets the valid UTF-8 sequence at the front of text has; 0 if there is none.
std::size_t utf8_sequence_size(std::string_view text);

}  // namespace dkim::keytool
