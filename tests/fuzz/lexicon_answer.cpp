// keytool/lexicon: what lexicon prints is a list of records that can be used, or refused in plain words; what
// it prints when it fails is quoted within bounds.
#include <cstdint>
#include <string>

#include "keytool/lexicon/lexicon_errors.hpp"
#include "keytool/lexicon/listed_records.hpp"
#include "tests/fuzz/require.hpp"

using namespace dkim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto records = keytool::read_listed_records(text, "s1._domainkey.example.com", "example.com");
  if (records) {
    for (const auto& record : *records) {
      test::require(keytool::is_argument(record.identifier), "an identifier can be an argument");
      test::require(keytool::plain_value(record.content).size() <= record.content.size(),
                    "a plain value is no longer than what was written");
    }
  } else {
    test::require(!records.refusal().reason.empty(), "a refusal has a reason");
    test::require_plain(records.refusal().reason, "a refusal is plain text");
  }
  const std::string quoted = keytool::quoted_end(text);
  // Each byte becomes at most four.
  test::require(quoted.size() <= 4 * 400 + 5, "a quotation is bounded");
  for (const char c : quoted)
    test::require(static_cast<unsigned char>(c) >= ' ' && c != 0x7f, "a quotation has no control character");
  keytool::fault_in(text);
  return 0;
}
