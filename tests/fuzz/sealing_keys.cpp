// crypto/keys/sealing_keys: any text is a file of sealing keys, or a refusal in plain text names its line.
// Keys read as they were written.
#include "crypto/keys/sealing_keys.hpp"

#include <cstdint>

#include "crypto/error.hpp"
#include "tests/fuzz/require.hpp"

using namespace dkim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const auto keys = crypto::SealingKeys::parse(text, "sealing.key");
    test::require(!keys.all().empty() && keys.all().size() <= crypto::most_sealing_keys,
                  "there are some keys");
    const auto again = crypto::SealingKeys::parse(crypto::view(keys.text()), "written");
    test::require(again.all().size() == keys.all().size(), "as many are written as were read");
    int last = 0;
    for (std::size_t i = 0; i < keys.all().size(); ++i) {
      const auto& key = keys.all()[i];
      test::require(key.number > last && key.number <= crypto::highest_sealing_key,
                    "numbers are in their order");
      test::require(key.bytes.size() == crypto::sealing_key_bytes, "a key has its full length");
      test::require(keys.find(key.number) == &key, "a key is found by its number");
      test::require(again.all()[i].number == key.number && again.all()[i].bytes == key.bytes,
                    "a key reads as it was written");
      test::require(key.fingerprint().size() == 32, "a key has a fingerprint");
      last = key.number;
    }
    test::require(keys.newest().number == last, "the newest key has the highest number");
  } catch (const crypto::KeyFileError& error) {
    const std::string_view said = error.what();
    test::require(said.starts_with("the sealing key file is not used: sealing.key:"),
                  "a refusal names the place");
    test::require_plain(said, "a refusal is plain text");
  }
  return 0;
}
