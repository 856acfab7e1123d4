// crypto/keys/key_record: any text is a record or refused. A record that was read can be written, and reads
// back the same.
#include "crypto/keys/key_record.hpp"

#include <cstdint>

#include "crypto/keys/record_text.hpp"
#include "tests/fuzz/require.hpp"

using namespace dkim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto record = crypto::parse_record(text);
  if (!record) {
    test::require(record.refusal().byte <= size, "the position of a refusal is in the input");
    return 0;
  }
  const std::string written = crypto::write_record(*record);
  const auto again = crypto::parse_record(written);
  test::require(again && *again == *record, "a record reads as it was written");

  std::string joined;
  for (const auto& piece : crypto::txt_strings(written)) {
    test::require(piece.size() <= 255, "a TXT string has at most 255 bytes");
    joined += piece;
  }
  test::require(joined == written, "the strings are the value");
  // Nothing in a record may end a line or a quoted string of a zone file, or of nsupdate's input.
  const crypto::NamedRecord named{"s._domainkey.example.com", 3600, written};
  for (const auto& form :
       {crypto::zone_text(named), crypto::strings_text(named), crypto::nsupdate_text(named)}) {
    bool quoted = false;
    for (std::size_t i = 0; i < form.size(); ++i) {
      if (form[i] == '\\') {
        ++i;
      } else if (form[i] == '"') {
        quoted = !quoted;
      } else {
        test::require(form[i] == '\n' || form[i] == '\t' || (form[i] >= ' ' && form[i] < 0x7f),
                      "a form is plain text");
        test::require(!quoted || form[i] != '\n', "no line ends within quotes");
      }
    }
    test::require(!quoted, "quotes are closed");
  }
  const std::string tinydns = crypto::tinydns_text(named);
  test::require(tinydns.find('\n') == tinydns.size() - 1, "the form for tinydns-data is one line");
  return 0;
}
