#include "keytool/dns/record_check.hpp"

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
  EXPECT_NE(detail("k=ed25519; p=BwcH").find("3 bytes instead of 32"), std::string::npos);
  EXPECT_EQ(detail(with("t=y; ")), "t=y is still on");
  EXPECT_EQ(detail(with("t=s; ")), "t=s is set");
  EXPECT_EQ(detail(with("s=email; ")), "s=email is set");
  EXPECT_EQ(detail(with("h=sha1; ")), "h= does not allow sha256");
}

TEST(RecordCheck, says_where_the_syntax_breaks) {
  const auto finding = check({"v=DKIM1; k=ed25519; p=!"});
  EXPECT_EQ(finding.status, RecordStatus::syntax_error);
  EXPECT_EQ(finding.detail, "p= is not base64, at byte 21");
  EXPECT_EQ(check({"v=spf1 -all"}).status, RecordStatus::syntax_error);
}

// Web forms do this to a record that needs more than one string.
TEST(RecordCheck, knows_a_record_that_lost_its_end) {
  const crypto::KeyRecord large{crypto::Algorithm::rsa, std::vector<unsigned char>(294, 7), {}};
  const std::string whole = write_record(large);
  ASSERT_EQ(whole.size(), 410U);
  const auto cut = check({whole.substr(0, 255)}, large);
  EXPECT_NE(cut.status, RecordStatus::right);
  EXPECT_TRUE(cut.detail.ends_with("cut off after 255 of 410 bytes; it needs 2 strings of at most 255"))
      << cut.detail;
  // A record of one string can be cut off as well; then another form does not help.
  EXPECT_TRUE(check({with("").substr(0, 40)}).detail.ends_with("cut off after 40 of 66 bytes"))
      << check({with("").substr(0, 40)}).detail;
  EXPECT_EQ(check({whole + "x"}, large).detail.find("cut off"), std::string::npos);
  EXPECT_EQ(check({"v=DKIM1; k=rsa; p="}, large).detail, "p= is empty");
}

TEST(RecordCheck, knows_a_record_that_fell_into_pieces) {
  const crypto::KeyRecord large{crypto::Algorithm::rsa, std::vector<unsigned char>(294, 7), {}};
  const std::string whole = write_record(large);
  const auto pieces = check({whole.substr(255), whole.substr(0, 255)}, large);
  EXPECT_EQ(pieces.status, RecordStatus::several);
  EXPECT_EQ(pieces.detail, "2 TXT records; each of the 2 strings of one record has become a record");
  EXPECT_EQ(check({whole, whole}, large).detail, "2 TXT records");
  EXPECT_EQ(check({whole.substr(0, 255), "v=spf1 -all"}, large).detail, "2 TXT records");
}

}  // namespace
}  // namespace dkim::keytool
