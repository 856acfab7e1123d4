// Writes libconfig's grammar: configurations that are printed for people to read and change, and manifests.
//
// libconfig's own writer cannot write comments or lists on one line, and ends the process if memory runs
// out. What is written here reads back the same through crypto/settings/settings_reader, except for a NUL in
// a text, where libconfig ends it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dkim::crypto {

// Returns a text in its quotes; control characters, quotes and backslashes are escaped.
std::string settings_string(std::string_view text);

// Returns "( a, b )", of values that are written already.
std::string settings_list(const std::vector<std::string>& values);

// Returns a list of texts.
std::string settings_strings(const std::vector<std::string>& texts);

// Settings in the order in which they are added. Names are not checked.
class SettingsWriter {
 public:
  SettingsWriter& add_string(std::string_view name, std::string_view text);
  SettingsWriter& add_strings(std::string_view name, const std::vector<std::string>& texts);
  SettingsWriter& add_integer(std::string_view name, std::int64_t number);
  SettingsWriter& add_boolean(std::string_view name, bool value);
  // Adds a list, a group or another value that is written already.
  SettingsWriter& add_value(std::string_view name, const std::string& value);

  // Returns a line for each setting.
  std::string lines() const;
  // Returns a group on one line: "{ a = 1; b = "x"; }"
  std::string group() const;
  // Returns a group with a line for each setting. indent: how many spaces stand before its braces.
  std::string block(std::size_t indent) const;

 private:
  std::vector<std::string> settings_;  // "name = value;"
};

}  // namespace dkim::crypto
