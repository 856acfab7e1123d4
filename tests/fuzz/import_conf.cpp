// keytool/opendkim: any opendkim.conf becomes a plan and a configuration that dkimsignd accepts.
#include <cstdint>

#include "tests/fuzz/import_plan.hpp"

using namespace dkim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const auto& setting : keytool::opendkim::parse_settings(text, "/c")) {
    test::require(!setting.name.empty(), "a setting has a name");
    test::require(setting.value.find_first_of("#\n\r") == std::string::npos, "a value is one line");
  }
  test::FuzzedFiles files;
  files.files["/c"] = text;
  // The text is also a file of hosts or of domains, or a table, if it names "/self".
  files.files["/self"] = text;
  test::plan_and_judge(files);
  return 0;
}
