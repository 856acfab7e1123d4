// Writes what --json prints: an array of flat objects (RFC 8259). Always valid UTF-8: octets that are not
// become U+FFFD.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dkim::keytool {

class JsonObject {
 public:
  void text(std::string_view name, std::string_view value);
  // null where there is no value.
  void optional_text(std::string_view name, const std::optional<std::string>& value);
  void number(std::string_view name, long long value);
  void boolean(std::string_view name, bool value);
  void null(std::string_view name);

  // On one line.
  std::string str() const { return "{" + members_ + "}"; }

 private:
  void add(std::string_view name, std::string_view json_value);
  std::string members_;
};

// The text in quotes, escaped.
std::string json_string(std::string_view text);

// An object a line.
std::string json_array(const std::vector<JsonObject>& objects);

// The same, written object by object: a large store's array is never in memory as a whole.
class JsonArrayWriter {
 public:
  explicit JsonArrayWriter(std::ostream& out) : out_(out) {}

  void add(const JsonObject& object);
  // To be called once, at the end.
  void finish();

 private:
  std::ostream& out_;
  bool empty_ = true;
};

}  // namespace dkim::keytool
