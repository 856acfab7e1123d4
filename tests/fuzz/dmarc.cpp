// keytool/doctor/dmarc_record: any text is a record or refused within it.
#include <cstdint>

#include "canon/domain_name.hpp"
#include "keytool/doctor/dmarc_record.hpp"
#include "keytool/doctor/organizational_domain.hpp"
#include "tests/fuzz/require.hpp"

using namespace dkim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto record = keytool::parse_dmarc_record(text);
  if (!record) {
    test::require(record.refusal().octet <= size, "the octet of a refusal is in the input");
    test::require(!record.refusal().reason.empty(), "a refusal has a reason");
    return 0;
  }
  test::require(keytool::is_dmarc_record(text), "what reads as a record means to be one");
  test::require(record->percent <= 100, "a percentage");
  for (const auto& domain : record->report_domains) {
    const auto name = canon::DomainName::parse(domain);
    test::require(name && name->str() == domain, "reports go to a domain");
    const std::string organization = keytool::organizational_domain(domain);
    test::require(domain == organization || domain.ends_with("." + organization),
                  "an organization's domain is the end of its names");
  }
  return 0;
}
