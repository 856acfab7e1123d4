#include <gtest/gtest.h>

#include "keytool/doctor/domain/bulk_check.hpp"

namespace dkim::keytool {
namespace {

Finding check(const std::vector<std::string>& signed_headers) {
  const auto fields = canon::FieldPolicy::from_lists(signed_headers, {});
  const auto findings = check_unsubscribe_fields(*fields);
  EXPECT_EQ(findings.size(), 1U);
  return findings.front();
}

TEST(UnsubscribeFields, are_signed_by_default) {
  EXPECT_EQ(check({}).severity, Severity::good);
  EXPECT_EQ(check({"From", "Subject", "list-unsubscribe", "LIST-UNSUBSCRIBE-POST"}).severity, Severity::good);
}

TEST(UnsubscribeFields, that_are_not_signed_are_named) {
  const std::vector<std::pair<std::vector<std::string>, const char*>> cases{
      {{"-List-Unsubscribe"}, "List-Unsubscribe is not signed"},
      {{"-List-Unsubscribe-Post"}, "List-Unsubscribe-Post is not signed"},
      {{"From", "List-Unsubscribe"}, "List-Unsubscribe-Post is not signed"},
      {{"From", "To"}, "List-Unsubscribe and List-Unsubscribe-Post are not signed"}};
  for (const auto& [signed_headers, words] : cases) {
    const auto finding = check(signed_headers);
    EXPECT_EQ(finding.severity, Severity::note);
    EXPECT_EQ(finding.topic, "one_click_unsubscribe");
    EXPECT_TRUE(finding.what.starts_with(words)) << finding.what;
  }
}

}  // namespace
}  // namespace dkim::keytool
