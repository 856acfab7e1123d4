// canon/body_canon: a body that is split as the input says has the canonical form that the reference gives
// the whole body.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>

#include "tests/fuzz/require.hpp"
#include "tests/support/body_reference.hpp"

using namespace dkim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // The cuts are taken from the end of the input, so that a corpus file can be read as a body.
  FuzzedDataProvider input(data, size);
  std::vector<std::size_t> cuts(input.ConsumeIntegralInRange<std::size_t>(0, 8));
  for (auto& cut : cuts)
    cut = input.ConsumeIntegral<std::uint16_t>();
  // A run of plain text in the middle, longer than libFuzzer would grow it: it fills whole blocks, or none.
  const auto run = input.ConsumeIntegralInRange<std::size_t>(0, 300);
  // The text is repeated, because the stretches that are examined at once are hundreds of bytes long.
  const auto times = input.ConsumeIntegralInRange<std::size_t>(1, 12);
  const std::string text = input.ConsumeRemainingBytesAsString();
  std::string body;
  for (std::size_t i = 0; i < times && body.size() < 4096; ++i)
    body += text;
  body.insert(body.size() / 2, run, 'x');
  for (auto& cut : cuts)
    cut = std::min(cut, body.size());
  std::sort(cuts.begin(), cuts.end());

  for (const auto algorithm : {canon::Canonicalization::simple, canon::Canonicalization::relaxed}) {
    const std::string expected = test::reference_body(algorithm, body);
    test::require(test::canonical_body(algorithm, body) == expected, "the whole body has its canonical form");
    test::require(test::canonical_body(algorithm, body, cuts) == expected, "the body in pieces has it");
    test::require(test::canonical_body_octet_by_octet(algorithm, body) == expected,
                  "the body byte by byte has it");
    test::require(test::canonical_body(algorithm, expected) == expected,
                  "a canonical body is its own canonical form");
  }
  return 0;
}
