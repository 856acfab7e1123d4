// crypto/store/manifest: any text is a manifest, or an error names its line. A manifest reads as it was
// written.
#include "crypto/store/manifest.hpp"

#include <cstdint>

#include "crypto/error.hpp"
#include "tests/fuzz/require.hpp"

using namespace dkim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const auto manifest = crypto::parse_manifest(text, "keys.conf");
    const std::string written = crypto::write_manifest(manifest);
    const auto again = crypto::parse_manifest(written, "written");
    test::require(crypto::write_manifest(again) == written, "a manifest reads as it was written");
    test::require(again.record == manifest.record && again.subdomains == manifest.subdomains,
                  "the flags are the same");
    test::require(again.keys.size() == manifest.keys.size(), "the number of keys is the same");
    for (const auto& key : manifest.keys)
      test::require(manifest.find(key.selector) == &key, "a key is found by its selector");
  } catch (const crypto::SettingsError& error) {
    test::require(std::string_view(error.what()).starts_with("keys.conf"), "an error names the file");
  }
  return 0;
}
