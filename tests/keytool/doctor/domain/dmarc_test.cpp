// Tests DMARC records from vectors: their meaning to receivers, and doctor's verdicts.
#include <gtest/gtest.h>

#include "keytool/doctor/domain/dmarc_check.hpp"
#include "keytool/doctor/domain/dmarc_record.hpp"
#include "keytool/doctor/findings/report.hpp"
#include "tests/keytool/table_lookup.hpp"
#include "tests/vectors/vector_file.hpp"

namespace dkim::keytool {
namespace {

using test::read_vectors;
using test::VectorRecord;

void append(std::string& list, std::string_view item) {
  if (!list.empty()) list += ' ';
  list += item;
}

std::string policies(const DmarcRecord& record) {
  std::string out;
  for (const auto scope : {DmarcScope::domain, DmarcScope::subdomain, DmarcScope::missing_subdomain}) {
    const auto policy = record.policy_for(scope);
    if (policy) append(out, to_string(*policy));
  }
  return out.empty() ? "-" : out;
}

std::string flags(const DmarcRecord& record) {
  std::string out;
  if (record.testing) append(out, "testing");
  if (record.strict_dkim) append(out, "strict_dkim");
  if (record.strict_spf) append(out, "strict_spf");
  if (record.public_suffix == PublicSuffix::yes) append(out, "psd=y");
  if (record.public_suffix == PublicSuffix::no) append(out, "psd=n");
  return out;
}

std::string destinations(const std::vector<ReportAddress>& addresses) {
  std::string out;
  for (const auto& address : addresses)
    append(out, address.domain.empty() ? address.uri : address.domain);
  return out;
}

enum class Remarks { wrong, idle };

std::vector<std::string> remarks(const DmarcRecord& record, Remarks kind) {
  std::vector<std::string> texts;
  for (const auto& remark : record.remarks) {
    if ((remark.weight == DmarcRemark::Weight::idle) == (kind == Remarks::idle)) texts.push_back(remark.text);
  }
  return texts;
}

std::string get_or_none(const VectorRecord& vector, std::string_view key) {
  return vector.has(key) ? vector.get(key) : "";
}

TEST(DmarcRecord, is_read_as_receivers_do) {
  for (const auto& vector : read_vectors("dmarc.vec")) {
    SCOPED_TRACE(vector.where());
    const std::string& text = vector.get("Record");
    const auto record = read_dmarc_record(text);
    EXPECT_EQ(is_dmarc_record(text), record.has_value());
    EXPECT_EQ(record.has_value(), !vector.has("NoRecord"));
    EXPECT_EQ(why_no_dmarc_record(text).value_or(""), get_or_none(vector, "NoRecord"));
    if (!record || vector.has("NoRecord")) continue;
    EXPECT_EQ(policies(*record), vector.get("Policies"));
    EXPECT_EQ(flags(*record), get_or_none(vector, "Flags"));
    EXPECT_EQ(destinations(record->aggregate), get_or_none(vector, "Reports"));
    EXPECT_EQ(destinations(record->failure), get_or_none(vector, "Failures"));
    EXPECT_EQ(remarks(*record, Remarks::wrong), vector.all("Wrong"));
    EXPECT_EQ(remarks(*record, Remarks::idle), vector.all("Idle"));
  }
}

// Each record is judged for a domain whose mail aligns, and whose reports are welcome everywhere.
TEST(DmarcRecord, has_a_verdict) {
  for (const auto& vector : read_vectors("dmarc.vec")) {
    SCOPED_TRACE(vector.where());
    test::TableLookup dns;
    dns.records[{"_dmarc.example.com", RecordType::txt}] = {vector.get("Record")};
    for (const char* other :
         {"example.net", "example.org", "xn--bcher-kva.example", "thirdparty.example.net"})
      dns.records[{"example.com._report._dmarc." + std::string(other), RecordType::txt}] = {"v=DMARC1"};
    auto worst = Severity::good;
    std::string all;
    const auto findings = check_dmarc(dns, {"example.com", {"example.com"}, {"example.com"}});
    for (const auto& finding : findings) {
      EXPECT_EQ(finding.topic, "dmarc");
      worst = std::min(worst, finding.severity);
      all += finding.what + "\n";
    }
    EXPECT_FALSE(findings.empty());
    EXPECT_EQ(to_string(worst), vector.get("Verdict")) << all;
  }
}

// A record has at most 65,535 bytes, and gives a limited number of remarks.
TEST(DmarcRecord, of_any_length_gives_a_limited_number_of_remarks) {
  std::string text = "v=DMARC1";
  while (text.size() < 65'000)
    text +=
        ";x" + std::to_string(text.size()) + "=1;rua=mailto:a@b" + std::to_string(text.size()) + ".example,x";
  const auto record = read_dmarc_record(text);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->remarks.size(), DmarcRecord::most_remarks);
  EXPECT_EQ(record->aggregate.size(), 1U);
}

}  // namespace
}  // namespace dkim::keytool
