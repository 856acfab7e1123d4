// Writes what import tells a person: the keys, what was not taken over, and what is good to know. Never
// fails.
#pragma once

#include <string>
#include <string_view>

#include "keytool/opendkim/store_writer.hpp"

namespace dkim::keytool::opendkim {

// Whose mail the imported configuration signs, beside that of clients that log in.
enum class Trust { somebody, marked_mail, nobody, not_asked };

// Returns what must be read first, usually nothing: that no key was imported, that nobody is trusted, and
// which mail leaves unsigned or signed differently than by this other signer.
std::string warnings_text(const StoreResult& result, const Remarks& remarks, Trust trust,
                          std::string_view signer);

// Whether the keys are stored, or only would be.
enum class Run { real, dry };

// These end with a line feed, and are safe to print whatever the files contained.
std::string keys_text(const StoreResult& result, const WantedKeys& wanted, Run run);
std::string remarks_text(const Remarks& remarks);

// Returns whether something was not taken over, or nothing was.
bool has_losses(const StoreResult& result, const Remarks& remarks, Trust trust);

// Cuts short whatever looks like a private key in base64: a user who mixes up two columns of a table must not
// find the key on the screen.
std::string without_key_text(std::string_view text);

}  // namespace dkim::keytool::opendkim
