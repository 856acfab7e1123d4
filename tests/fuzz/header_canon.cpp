// canon/header_canon and canon/line_endings: one field; the first colon divides name and value.
#include <algorithm>
#include <cstdint>
#include <string>

#include "canon/header_canon.hpp"
#include "canon/line_endings.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/support/header_reference.hpp"

using namespace dkim;
using canon::Canonicalization;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = canon::to_crlf({reinterpret_cast<const char*>(data), size});
  test::require(canon::to_crlf(text) == text, "CRLF stays CRLF");
  const std::size_t colon = std::min(text.find(':'), text.size());
  canon::HeaderField field{text.substr(0, colon), colon < text.size() ? text.substr(colon + 1) : ""};
  test::require(
      canon::canonical_field(Canonicalization::simple, field) == field.name + ":" + field.value + "\r\n",
      "simple changes nothing");

  const std::string once = canon::canonical_field(Canonicalization::relaxed, field);
  test::require(once == test::reference_field(Canonicalization::relaxed, field),
                "relaxed does what the RFC says");
  const std::size_t end_of_name = once.find(':');
  field.name = once.substr(0, end_of_name);
  field.value = once.substr(end_of_name + 1, once.size() - end_of_name - 3);
  test::require(canon::canonical_field(Canonicalization::relaxed, field) == once,
                "a canonical field is its own canonical form");
  return 0;
}
