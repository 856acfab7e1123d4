// keytool/opendkim: any configuration of amavisd, in two files, becomes a plan that dkimsignd accepts. Its
// words come to an end, and so do its statements.
#include "keytool/opendkim/amavis_plan.hpp"

#include "keytool/opendkim/perl_words.hpp"
#include "tests/fuzz/import_plan.hpp"

using namespace dkim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto texts = test::pieces(data, size, 2);
  keytool::opendkim::PerlWords words(texts[0]);
  std::size_t line = 1;
  std::size_t count = 0;
  for (auto word = words.next(); word.kind != keytool::opendkim::PerlWord::Kind::end; word = words.next()) {
    test::require(word.line >= line, "words come in the order of their lines");
    line = word.line;
    test::require(++count <= texts[0].size(), "each word takes at least one byte");
  }
  test::FuzzedFiles files;
  files.files["/c"] = texts[0];
  files.files["/i"] = texts[1];
  test::plan_and_judge(files, [](auto& sources, const auto& in_store) {
    return keytool::opendkim::plan_amavis_import("/c", sources, in_store);
  });
  return 0;
}
