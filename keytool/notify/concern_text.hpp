// Describes a concern in a mail: what to do, where, and what happens otherwise. Texts are printable ASCII and
// LF, whatever servers and programs have said. Nothing here fails.
#pragma once

#include <string>
#include <string_view>

#include "keytool/notify/concern.hpp"

namespace dkim::keytool {

// Returns one line without a line end: "example.com: put a record into DNS for the key server-20261126".
std::string concern_line(const ConcernId& id);
// Returns one line about a concern that is over.
std::string done_line(const ConcernId& id);

// Returns several lines, indented, to follow the line: the record as form fields and as zone-file text, what
// DNS shows, and what happens otherwise.
std::string concern_details(const Concern& concern);

// Returns the concern as a part of a zone file: comments, and the record if there is one.
std::string concern_zone_text(const Concern& concern);

// Returns the text in lines of at most 76 bytes, each after this indentation. A longer word has a line of its
// own.
std::string wrapped(std::string_view text, std::string_view indentation);

}  // namespace dkim::keytool
