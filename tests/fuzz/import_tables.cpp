// keytool/opendkim: any KeyTable and SigningTable become rules that dkimsignd accepts. The first byte says
// how they are read; an empty line separates one from the other.
#include <cstdint>

#include "tests/fuzz/import_plan.hpp"

using namespace dkim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto divide = std::min(text.find("\n\n"), text.size());
  const bool of_patterns = (data[0] & 1U) != 0;
  const bool multiple = (data[0] & 2U) != 0;
  test::FuzzedFiles files;
  files.files["/kt"] = text.substr(0, divide);
  files.files["/st"] = text.substr(divide);
  files.files["/c"] = std::string("KeyTable file:/kt\nSigningTable ") + (of_patterns ? "refile:" : "file:") +
                      "/st\nMultipleSignatures " + (multiple ? "yes" : "no") + "\n";
  test::plan_and_judge(files);
  return 0;
}
