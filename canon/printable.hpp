// Text from outside, made fit for a log line or a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dkim::canon {

// Every octet but printable ASCII is written \xNN, "\" itself as \\, so that nothing can end a line, move a
// cursor or pass for another line. Longer text than limit octets is cut, with "..." to show it.
std::string printable(std::string_view text, std::size_t limit = 512);

// The same for a value in a key=value line: SP is written \x20, too.
std::string printable_word(std::string_view text, std::size_t limit = 512);

}  // namespace dkim::canon
