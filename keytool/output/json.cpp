#include "keytool/output/json.hpp"

#include <fmt/format.h>

#include <sstream>

#include "canon/text.hpp"
#include "keytool/output/terminal_text.hpp"

namespace dkim::keytool {
namespace {

std::string escaped(char c) {
  return fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
}

}  // namespace

std::string json_string(std::string_view text) {
  constexpr std::string_view replacement = "\xef\xbf\xbd";
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t size = utf8_sequence_size(text);
    const std::string_view sequence = text.substr(0, size == 0 ? 1 : size);
    const char c = sequence.front();
    if (size == 0) {
      out += replacement;
    } else if (canon::is_control(c)) {
      out += escaped(c);
    } else if (is_c1_control(sequence)) {
      out += escaped(sequence[1]);
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += sequence;
    }
    text.remove_prefix(sequence.size());
  }
  return out + "\"";
}

void JsonObject::add(std::string_view name, std::string_view json_value) {
  if (!members_.empty()) members_ += ", ";
  members_ += json_string(name);
  members_ += ": ";
  members_ += json_value;
}

void JsonObject::text(std::string_view name, std::string_view value) {
  add(name, json_string(value));
}

void JsonObject::optional_text(std::string_view name, const std::optional<std::string>& value) {
  if (value) {
    text(name, *value);
  } else {
    null(name);
  }
}

void JsonObject::number(std::string_view name, long long value) {
  add(name, std::to_string(value));
}

void JsonObject::boolean(std::string_view name, bool value) {
  add(name, value ? "true" : "false");
}

void JsonObject::null(std::string_view name) {
  add(name, "null");
}

std::string json_array(const std::vector<JsonObject>& objects) {
  std::ostringstream out;
  JsonArrayWriter writer(out);
  for (const auto& object : objects)
    writer.add(object);
  writer.finish();
  return out.str();
}

void JsonArrayWriter::add(const JsonObject& object) {
  out_ << (empty_ ? "[\n  " : ",\n  ") << object.str();
  empty_ = false;
}

void JsonArrayWriter::finish() {
  out_ << (empty_ ? "[]\n" : "\n]\n");
}

}  // namespace dkim::keytool
