// keytool/lexicon: any file has credentials or is refused in plain words with nothing of its values; no text
// in which a value stood shows it afterwards.
#include "keytool/lexicon/provider_credentials.hpp"

#include <cstdint>
#include <string>

#include "crypto/error.hpp"
#include "tests/fuzz/require.hpp"

using namespace dkim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const auto credentials = keytool::ProviderCredentials::parse(text, "hetzner");
    test::require(!credentials.variables().empty(), "there are variables");
    for (const auto& variable : credentials.variables()) {
      const auto all = crypto::view(variable);
      const auto value = all.substr(all.find('=') + 1);
      test::require(!value.empty() && all.find('\0') == std::string_view::npos, "a variable has a value");
      if (value.size() < 4 || value.find("http") != std::string_view::npos) continue;
      // "[hidden]" may have a part of a value, or complete one.
      if (value.find_first_of("[hiden]") != std::string_view::npos) continue;
      const std::string said = credentials.hide_in("<" + std::string(value) + ">");
      test::require(said.find(value) == std::string::npos, "a value is hidden");
    }
  } catch (const crypto::KeyFileError& error) {
    test::require_plain(error.what(), "a refusal is plain text");
  }
  return 0;
}
