// milter/config: any text is a configuration, or an error names its line. What --print-config writes reads
// back.
#include "milter/config.hpp"

#include <cstdint>

#include "crypto/error.hpp"
#include "tests/fuzz/require.hpp"

using namespace dkim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const auto config = milter::parse_config(text, "dkimsignd.conf");
    const std::string written = milter::config_text(config);
    const auto again = milter::parse_config(written, "written");
    test::require(milter::config_text(again) == written, "a configuration reads as it was printed");
    test::require(again.socket == config.socket && again.on_error == config.on_error,
                  "the settings are the same");
    test::require(again.signing.fields.signed_fields() == config.signing.fields.signed_fields(),
                  "the signed fields are the same");
    test::require(again.signing.fields.oversigned() == config.signing.fields.oversigned(),
                  "the oversigned fields are the same");
  } catch (const crypto::SettingsError& error) {
    test::require(std::string_view(error.what()).starts_with("dkimsignd.conf:"),
                  "an error names file and line");
  }
  return 0;
}
