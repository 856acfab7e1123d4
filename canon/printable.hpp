// Makes text from outside fit for a log line or a terminal.
//
// Never fails.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dkim::canon {

// Writes every byte except printable ASCII as \xNN, and "\" as \\, so that nothing can end a line, move the
// cursor or pass for another line. Cuts text of more than limit bytes and appends "...".
std::string printable(std::string_view text, std::size_t limit = 512);

// Does the same for a value in a key=value line: writes SP as \x20, too.
std::string printable_word(std::string_view text, std::size_t limit = 512);

}  // namespace dkim::canon
