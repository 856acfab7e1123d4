// keytool/opendkim: any unit of systemd's with a drop-in, an environment file and a configuration becomes a
// plan that dkimsignd accepts; and so do the same texts without a unit.
#include "tests/fuzz/import_plan.hpp"

using namespace dkim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto texts = test::pieces(data, size, 4);
  const std::string unit = "/etc/systemd/system/opendkim@a.service";
  test::FuzzedFiles files;
  files.files[unit] = texts[0];
  files.files["/etc/systemd/system/opendkim@.service.d/b.pem.conf"] = texts[1];
  files.files["/etc/default/opendkim"] = texts[2];
  files.files["/etc/opendkim.conf"] = texts[3];
  for (const auto& path : {unit, std::string("/etc/opendkim.conf")}) {
    test::plan_and_judge(files, [&](auto& sources, const auto& in_store) {
      return keytool::opendkim::plan_import(path, sources, in_store);
    });
  }
  return 0;
}
