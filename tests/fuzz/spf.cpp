// keytool/spf: any text is a record, or refused at a position within it. Whatever records and addresses DNS
// serves, an evaluation ends within its limits.
#include <cstdint>

#include "keytool/spf/evaluator.hpp"
#include "keytool/spf/record.hpp"
#include "tests/fuzz/fuzzed_lookup.hpp"
#include "tests/fuzz/require.hpp"

using namespace dkim;
using namespace dkim::keytool;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto record = spf::parse_record(text);
  if (!record) {
    test::require(record.refusal().byte <= size, "the position of a refusal is in the input");
    test::require(!record.refusal().reason.empty(), "a refusal has a reason");
  } else {
    for (const auto& mechanism : record->mechanisms)
      test::require(text.substr(mechanism.byte).starts_with(mechanism.text), "a mechanism is where it says");
  }
  if (record) {
    const std::string widened = spf::with_terms(std::string(text), *record, "ip4:192.0.2.77");
    const auto again = spf::parse_record(widened);
    test::require(again && again->mechanisms.size() == record->mechanisms.size() + 1,
                  "one more term is one more mechanism");
  }
  for (const char* address : {"192.0.2.1", "2001:db8::1"}) {
    test::FuzzedLookup lookup(text);
    const spf::Question question{*canon::IpAddress::parse(address), "example.com", "mail.example.com"};
    const auto outcome = spf::check_host(lookup, question);
    test::require(outcome.lookups <= spf::most_lookups + 1,
                  "a check has at most ten lookups, and stops at the next");
    test::require(lookup.questions <= 300, "the number of questions is limited");
    const auto measured = spf::measure(lookup, question);
    test::require(measured.lookups <= 51, "the lookups of a measurement are limited");
    test::require(outcome.result == spf::Result::permerror || measured.lookups >= outcome.lookups,
                  "a measurement counts whatever a check counts");
  }
  return 0;
}
