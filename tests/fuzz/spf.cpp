// keytool/spf: any text is a record, or refused at a position within it. Whatever records and addresses DNS
// serves, an evaluation ends within its limits.
#include <algorithm>
#include <cstdint>

#include "keytool/spf/evaluator.hpp"
#include "keytool/spf/record.hpp"
#include "tests/fuzz/require.hpp"

using namespace dkim;
using namespace dkim::keytool;

namespace {

// Serves the input's lines: each name has one of them, whatever type is asked for.
class FuzzedLookup final : public Lookup {
 public:
  explicit FuzzedLookup(std::string_view text) {
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size());
      lines_.emplace_back(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  unsigned questions = 0;

  Answer ask(const std::string& name, RecordType type) override {
    ++questions;
    test::require(!name.empty() && name.size() <= 253, "a question has a name that fits");
    if (type == RecordType::a) return std::vector<std::string>{"192.0.2.1"};
    if (lines_.empty()) return std::vector<std::string>();
    const std::string& line = lines_[name.size() % lines_.size()];
    if (line.empty()) return canon::Refusal{"no answer", 0};
    return std::vector<std::string>{line};
  }

  canon::Result<bool> exists(const std::string& /*name*/) override { return true; }

 private:
  std::vector<std::string> lines_;
};

}  // namespace

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
    FuzzedLookup lookup(text);
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
