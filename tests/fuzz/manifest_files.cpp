// crypto/store: a manifest in a key store, beside any other files. It reads as its text does, without any
// other file, or the error names it.
#include <cstdint>
#include <optional>

#include "crypto/error.hpp"
#include "crypto/store/key_store.hpp"
#include "tests/fuzz/file_tree.hpp"
#include "tests/fuzz/require.hpp"

using namespace dkim;

namespace {

std::string outcome_of_text(const test::FileTree& tree) {
  try {
    return crypto::write_manifest(crypto::parse_manifest(tree.text(), tree.file().string()));
  } catch (const crypto::SettingsError& error) {
    return error.what();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static test::FileTree tree("keys.conf");
  static const auto domain = *canon::DomainName::parse("example.com");
  if (!tree.fill({reinterpret_cast<const char*>(data), size})) return 0;
  const crypto::KeyStore store{tree.store()};
  test::require(store.stamp(domain).has_value(), "the manifest is seen");
  const auto of_text = outcome_of_text(tree);
  try {
    const auto read = store.read_manifest(domain);
    test::require(read.has_value(), "the manifest is there");
    test::require(crypto::write_manifest(read->manifest) == of_text, "a file says what its text says");
  } catch (const crypto::SettingsError& error) {
    test::require(std::string_view(error.what()).starts_with(tree.file().string()),
                  "an error names the file");
    test::require(of_text == error.what(), "the error of a file is that of its text");
  }
  return 0;
}
