// Compares canon/body_canon, with a body split as the input says, with the reference, which gets it whole.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>

#include "tests/fuzz/require.hpp"
#include "tests/support/body_reference.hpp"

using namespace dkim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Cuts come off the end of the input, so that a corpus file is a body that can be read.
  FuzzedDataProvider input(data, size);
  std::vector<std::size_t> cuts(input.ConsumeIntegralInRange<std::size_t>(0, 8));
  for (auto& cut : cuts)
    cut = input.ConsumeIntegral<std::uint16_t>();
  // A run in the middle, longer than what is worth trying byte by byte: whole blocks, or none.
  const auto run = input.ConsumeIntegralInRange<std::size_t>(0, 300);
  // Several times the same: stretches that are judged at once are hundreds of bytes long.
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
    test::require(test::canonical_body(algorithm, body) == expected, "the body whole");
    test::require(test::canonical_body(algorithm, body, cuts) == expected, "the body in pieces");
    test::require(test::canonical_body_octet_by_octet(algorithm, body) == expected, "octet by octet");
    test::require(test::canonical_body(algorithm, expected) == expected, "idempotence");
  }
  return 0;
}
