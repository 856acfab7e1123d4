#include "keytool/record_check.hpp"

#include <gtest/gtest.h>

namespace dkim::keytool {
namespace {

const crypto::KeyRecord ours{crypto::Algorithm::ed25519, std::vector<unsigned char>(32, 7), {}};

RecordFinding check(const std::vector<std::string>& values, const crypto::KeyRecord& expected = ours) {
  return check_record(expected, values);
}

std::string with(const std::string& tags) {
  return "v=DKIM1; k=ed25519; " + tags + "p=BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
}

TEST(RecordCheck, compares_meaning_and_not_text) {
  EXPECT_EQ(check({with("")}).status, RecordStatus::right);
  EXPECT_EQ(check({write_record(ours)}).status, RecordStatus::right);
  EXPECT_EQ(check({"k=ed25519;p=BwcHBwcHBwcHBwcH BwcHBwcHBwcHBwcHBwcHBwcHBwc=;"}).status,
            RecordStatus::right);
  EXPECT_EQ(check({with("n=another note; h=sha1:sha256; ")}).status, RecordStatus::right);
}

TEST(RecordCheck, names_what_it_finds) {
  EXPECT_EQ(check({}).status, RecordStatus::missing);
  EXPECT_EQ(check({with(""), with("")}).status, RecordStatus::several);
  EXPECT_EQ(check({"v=DKIM1; k=ed25519; p="}).status, RecordStatus::revoked);
  EXPECT_EQ(check({"v=DKIM1; k=ed25519; p="}, {crypto::Algorithm::ed25519, {}, {}}).status,
            RecordStatus::revoked);
  EXPECT_EQ(check({with("")}, {crypto::Algorithm::ed25519, {}, {}}).status, RecordStatus::other_key);
}

TEST(RecordCheck, says_what_differs) {
  const auto detail = [](const std::string& value) {
    const auto finding = check({value});
    EXPECT_EQ(finding.status, RecordStatus::other_key);
    return finding.detail;
  };
  EXPECT_NE(detail("k=rsa; p=BwcH").find("k= is rsa instead of ed25519"), std::string::npos);
  EXPECT_NE(detail("k=ed25519; p=BwcH").find("3 octets instead of 32"), std::string::npos);
  EXPECT_EQ(detail(with("t=y; ")), "t=y is still on");
  EXPECT_EQ(detail(with("t=s; ")), "t=s is there");
  EXPECT_EQ(detail(with("s=email; ")), "s=email is there");
  EXPECT_EQ(detail(with("h=sha1; ")), "h= does not allow sha256");
}

TEST(RecordCheck, says_where_the_syntax_breaks) {
  const auto finding = check({"v=DKIM1; k=ed25519; p=!"});
  EXPECT_EQ(finding.status, RecordStatus::syntax_error);
  EXPECT_EQ(finding.detail, "p= is not base64, at octet 21");
  EXPECT_EQ(check({"v=spf1 -all"}).status, RecordStatus::syntax_error);
}

}  // namespace
}  // namespace dkim::keytool
