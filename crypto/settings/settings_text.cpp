#include "crypto/settings/settings_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace dkim::crypto {

std::string settings_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string settings_list(const std::vector<std::string>& values) {
  if (values.empty()) return "( )";
  return fmt::format("( {} )", fmt::join(values, ", "));
}

std::string settings_strings(const std::vector<std::string>& texts) {
  std::vector<std::string> values;
  for (const auto& text : texts)
    values.push_back(settings_string(text));
  return settings_list(values);
}

SettingsWriter& SettingsWriter::add_value(std::string_view name, const std::string& value) {
  settings_.push_back(fmt::format("{} = {};", name, value));
  return *this;
}

SettingsWriter& SettingsWriter::add_string(std::string_view name, std::string_view text) {
  return add_value(name, settings_string(text));
}

SettingsWriter& SettingsWriter::add_strings(std::string_view name, const std::vector<std::string>& texts) {
  return add_value(name, settings_strings(texts));
}

SettingsWriter& SettingsWriter::add_integer(std::string_view name, std::int64_t number) {
  // Without the L libconfig would take 32 bits of it.
  const bool is_long = number != static_cast<std::int32_t>(number);
  return add_value(name, std::to_string(number) + (is_long ? "L" : ""));
}

SettingsWriter& SettingsWriter::add_boolean(std::string_view name, bool value) {
  return add_value(name, value ? "true" : "false");
}

std::string SettingsWriter::lines() const {
  return fmt::format("{}\n", fmt::join(settings_, "\n"));
}

std::string SettingsWriter::group() const {
  return fmt::format("{{ {} }}", fmt::join(settings_, " "));
}

std::string SettingsWriter::block(std::size_t indent) const {
  const std::string margin(indent, ' ');
  std::string out = "{\n";
  for (const auto& setting : settings_)
    out += fmt::format("{}  {}\n", margin, setting);
  return out + margin + "}";
}

}  // namespace dkim::crypto
