// canon/header_canon and canon/line_endings: one field, name and value parted by the first colon.
#include <algorithm>
#include <cstdint>
#include <string>

#include "canon/header_canon.hpp"
#include "canon/line_endings.hpp"
#include "tests/fuzz/require.hpp"

using namespace dkim;
using canon::Canonicalization;

namespace {

bool is_white(char c) {
  return c == ' ' || c == '\t';
}

// RFC 6376 §3.4.2, step by step.
std::string reference(const canon::HeaderField& field) {
  std::string value;
  for (std::size_t i = 0; i < field.value.size(); ++i) {
    if (field.value.compare(i, 2, "\r\n") == 0) {
      ++i;
    } else if (!is_white(field.value[i])) {
      value += field.value[i];
    } else if (!value.ends_with(' ')) {
      value += ' ';
    }
  }
  if (value.ends_with(' ')) value.pop_back();
  if (value.starts_with(' ')) value.erase(0, 1);
  std::string name = field.name;
  while (!name.empty() && is_white(name.back()))
    name.pop_back();
  for (char& c : name)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return name + ":" + value + "\r\n";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = canon::to_crlf({reinterpret_cast<const char*>(data), size});
  test::require(canon::to_crlf(text) == text, "CRLF stays CRLF");
  const std::size_t colon = std::min(text.find(':'), text.size());
  canon::HeaderField field{text.substr(0, colon), colon < text.size() ? text.substr(colon + 1) : ""};
  test::require(
      canon::canonical_field(Canonicalization::simple, field) == field.name + ":" + field.value + "\r\n",
      "simple changes nothing");

  const std::string once = canon::canonical_field(Canonicalization::relaxed, field);
  test::require(once == reference(field), "relaxed as the RFC says");
  const std::size_t end_of_name = once.find(':');
  field.name = once.substr(0, end_of_name);
  field.value = once.substr(end_of_name + 1, once.size() - end_of_name - 3);
  test::require(canon::canonical_field(Canonicalization::relaxed, field) == once, "idempotence");
  return 0;
}
