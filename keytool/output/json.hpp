// Writes what --json prints: an array of flat objects (RFC 8259). The text is always valid UTF-8: bytes that
// are not become U+FFFD. Nothing here fails.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dkim::keytool {

// An object that grows by its members, in the order in which they are added.
class JsonObject {
 public:
  void text(std::string_view name, std::string_view value);
  // Adds null if there is no value.
  void optional_text(std::string_view name, const std::optional<std::string>& value);
  void number(std::string_view name, long long value);
  void boolean(std::string_view name, bool value);
  void null(std::string_view name);

  // Returns the object on one line.
  std::string str() const { return "{" + members_ + "}"; }

 private:
  void add(std::string_view name, std::string_view json_value);
  std::string members_;
};

// Returns the text in quotes, escaped.
std::string json_string(std::string_view text);

// Returns an array with one object per line.
std::string json_array(const std::vector<JsonObject>& objects);

// Writes such an array object by object, so that a large store's array is never in memory as a whole.
class JsonArrayWriter {
 public:
  explicit JsonArrayWriter(std::ostream& out) : out_(out) {}

  void add(const JsonObject& object);
  // Ends the array. Call it once, after the last object.
  void finish();

 private:
  std::ostream& out_;
  bool empty_ = true;
};

}  // namespace dkim::keytool
