// Divides the lines of systemd units, environment files and shell variables into words, and puts variables
// in.
//
// Pure; never fails, whatever the bytes.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dkim::keytool::opendkim {

using Variables = std::map<std::string, std::string>;

// Returns the lines that are not comments; one that ends in a backslash is joined with the next.
std::vector<std::string> unit_lines(std::string_view text);

// Splits text at blanks; removes quotes and backslashes, as a shell does.
std::vector<std::string> split_words(std::string_view text);
// Does the same as systemd does in a unit: escapes such as \x20 and \s stand for characters, in quotes too
// (systemd.syntax(7)).
std::vector<std::string> split_unit_words(std::string_view text);

// Parses lines "NAME=value" of an environment file (systemd.exec(5)). Replaces no variables.
Variables parse_environment_file(std::string_view text);
// Parses lines "NAME=value", with or without quotes. Replaces $NAME in a value if the variable was set
// before, as a shell does.
Variables parse_shell_variables(std::string_view text);

// Puts variables into the words of ExecStart: $NAME as a whole word becomes as many words as its value has,
// ${NAME} never more than one, and $$ is $ (systemd.service(5)).
std::vector<std::string> with_unit_variables(const std::vector<std::string>& words,
                                             const Variables& variables);

}  // namespace dkim::keytool::opendkim
