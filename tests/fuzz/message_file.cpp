// keytool/messages/message_file: any file is a message; its parts are the file, and its fields are its
// header.
#include "keytool/messages/message_file.hpp"

#include <cstdint>

#include "canon/line_endings.hpp"
#include "tests/fuzz/require.hpp"

using namespace dkim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const keytool::MessageFile message(text);

  const std::string parts = std::string(message.header()) + std::string(message.rest());
  test::require(text.ends_with(parts), "header and rest are the end of the file");
  const std::string_view before = std::string_view(text).substr(0, size - parts.size());
  test::require(before.empty() || (before.starts_with("From ") && before.find('\n') >= before.size() - 1),
                "only an mbox line is before them");
  test::require(message.rest().ends_with(message.body()), "the body ends the file");
  const auto empty_line = message.rest().substr(0, message.rest().size() - message.body().size());
  test::require(empty_line.empty() || empty_line == "\n" || empty_line == "\r\n",
                "one empty line is before the body");
  test::require(message.stray_line() == 0 || empty_line.empty(), "a stray line has no empty line before it");

  std::string header;
  for (const auto& field : message.fields()) {
    test::require(!field.name.empty() && field.name.find(':') == std::string::npos, "a field has a name");
    header += field.name + ":" + field.value + "\r\n";
  }
  std::string expected = canon::to_crlf(message.header());
  if (!expected.empty() && !expected.ends_with("\r\n")) expected += "\r\n";
  test::require(header == expected, "the fields are the header");

  // Written as it goes over the wire, it reads as the same fields and the same body. It needs an mbox line,
  // because a first field "From : ..." would otherwise be taken for one, here as in Postfix.
  const keytool::MessageFile again("From x\r\n" + header + "\r\n" + std::string(message.body()));
  test::require(again.fields().size() == message.fields().size(), "the number of fields is the same");
  test::require(again.body() == message.body(), "the body is the same");
  return 0;
}
