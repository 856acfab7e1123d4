// keytool/notify/notebook: any text is a notebook or is refused. A notebook reads as it was written.
#include "keytool/notify/notebook.hpp"

#include <cstdint>

#include "tests/fuzz/require.hpp"

using namespace dkim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const auto notebook = keytool::parse_notebook(text);
    test::require(keytool::parse_notebook(keytool::write_notebook(notebook)) == notebook,
                  "a notebook reads as it was written");
  } catch (const keytool::DamagedNotebook&) {
  } catch (const keytool::LaterNotebook&) {
  }
  return 0;
}
