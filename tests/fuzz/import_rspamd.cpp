// keytool/opendkim: any files of rspamd's local.d and override.d, with a map, become a plan that dkimsignd
// accepts.
#include "keytool/opendkim/rspamd_plan.hpp"

#include "tests/fuzz/import_plan.hpp"

using namespace dkim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto texts = test::pieces(data, size, 4);
  test::FuzzedFiles files;
  files.files["/r/local.d/dkim_signing.conf"] = texts[0];
  files.files["/r/override.d/dkim_signing.conf"] = texts[1];
  files.files["/m"] = texts[2];
  files.files["/r/local.d/options.inc"] = texts[3];
  const auto judge = [&](const char* path) {
    test::plan_and_judge(files, [&](auto& sources, const auto& in_store) {
      return keytool::opendkim::plan_rspamd_import(path, sources, in_store);
    });
  };
  judge("/r");
  // Alone, as the file of a person or JSON from rspamadm.
  files.files["/alone"] = texts[0];
  judge("/alone");
  return 0;
}
