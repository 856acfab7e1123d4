// DMARC in keytool/doctor: any text is a record or not, and a record has policies that receivers can apply,
// or none. Whatever records DNS serves, the walk up and the checks ask a limited number of questions.
#include <cstdint>

#include "canon/domain_name.hpp"
#include "keytool/doctor/domain/dmarc_check.hpp"
#include "keytool/doctor/domain/dmarc_record.hpp"
#include "keytool/doctor/domain/organizational_domain.hpp"
#include "tests/fuzz/fuzzed_lookup.hpp"
#include "tests/fuzz/require.hpp"

using namespace dkim;
using namespace dkim::keytool;

namespace {

constexpr const char* domain = "a.b.c.d.e.f.g.h.i.example.com";

void look_at_record(std::string_view text) {
  const auto record = read_dmarc_record(text);
  test::require(record.has_value() == is_dmarc_record(text), "a text is read if and only if it is a record");
  const auto why = why_no_dmarc_record(text);
  test::require(!why || (!record && !why->empty()), "only a text that is not a record has a reason for that");
  if (!record) return;
  test::require(record->remarks.size() <= DmarcRecord::most_remarks, "the number of remarks is limited");
  for (const auto scope : {DmarcScope::domain, DmarcScope::subdomain, DmarcScope::missing_subdomain}) {
    test::require(record->policy_for(scope).has_value() == record->policy_for(DmarcScope::domain).has_value(),
                  "a record applies to all domains or to none");
  }
  for (const auto* addresses : {&record->aggregate, &record->failure}) {
    for (const auto& address : *addresses) {
      const auto name = canon::DomainName::parse(address.domain);
      test::require(address.domain.empty() || (name && name->str() == address.domain),
                    "reports go to a domain");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  look_at_record(text);
  test::FuzzedLookup lookup(text);
  const auto walk = walk_up(lookup, domain);
  test::require(lookup.questions <= TreeWalk::most_questions, "a walk asks at most eight questions");
  const auto organization = walk.organization();
  test::require(
      !organization || *organization == domain || std::string(domain).ends_with("." + *organization),
      "an organization's domain is the end of its names");
  test::require(walk.policy() == nullptr || read_dmarc_record(walk.policy()->text), "a policy is a record");
  lookup.questions = 0;
  const auto findings = check_dmarc(lookup, {domain, {"signer.example.com"}, {"bounces.example.com"}});
  test::require(!findings.empty(), "every domain has a finding");
  test::require(lookup.questions <= 100, "the number of questions is limited");
  for (const auto& finding : findings)
    test::require(finding.what.find_first_of("\x1b\n\r") == std::string::npos, "a finding is printable");
  return 0;
}
