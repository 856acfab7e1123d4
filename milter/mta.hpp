// Which MTA has connected: what happens to a message after signing differs, and so does what a person can do
// about it.
#pragma once

#include <optional>
#include <string_view>

namespace dkim::milter {

enum class Mta { postfix, sendmail };

// Takes the macro "v": Postfix sends its name and version there ("Postfix 3.7.11"), sendmail only its version
// ("8.17.1.9"). An MTA that sends neither is treated like Postfix.
Mta mta_of(std::optional<std::string_view> version);

}  // namespace dkim::milter
