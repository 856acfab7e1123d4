// What import tells a person: the keys, what did not come over, and what is good to know.
#pragma once

#include <string>
#include <string_view>

#include "keytool/opendkim/store_writer.hpp"

namespace dkim::keytool::opendkim {

// Whose mail the configuration that comes has signed, beside that of clients that log in.
enum class Trust { somebody, marked_mail, nobody, not_asked };

// What is to be read first, and mostly nothing: that no key comes, that nobody is trusted, and mail that
// leaves unsigned or signed otherwise.
std::string warnings_text(const StoreResult& result, const Remarks& remarks, Trust trust);

// With a line feed at the end; safe to show whatever stood in the files. would_be: nothing was done yet.
std::string keys_text(const StoreResult& result, const WantedKeys& wanted, bool would_be);
std::string remarks_text(const Remarks& remarks);

// Is there anything that was not taken, or nothing that was?
bool has_losses(const StoreResult& result, const Remarks& remarks, Trust trust);

// The text with what looks like a private key in base64 cut short: who takes one column of a table for
// another must not find the key on the screen.
std::string without_key_text(std::string_view text);

}  // namespace dkim::keytool::opendkim
