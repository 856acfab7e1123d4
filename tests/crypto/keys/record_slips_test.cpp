// Tests crypto/keys/record_slips: each mistake that web forms and people make with a record is named, and a
// record without one gets no remark.
#include "crypto/keys/record_slips.hpp"

#include <gtest/gtest.h>

#include "crypto/keys/key_record.hpp"

namespace dkim::crypto {
namespace {

const std::string key(90, 'A');
const std::string whole = "v=DKIM1; k=rsa; p=" + key;

struct Row {
  std::string value;
  std::string_view said;  // a part of it
};

TEST(RecordSlips, AreNamed) {
  const std::vector<Row> rows{
      {"\"" + whole + "\"", "holds quotation marks"},
      {"v=DKIM1; k=rsa; p=AAAA\" \"AAAA", "holds quotation marks"},
      {"'" + whole + "'", "holds quotation marks"},
      {"&quot;" + whole + "&quot;", "holds quotation marks"},
      {"\xe2\x80\x9c" + whole + "\xe2\x80\x9d", "holds quotation marks"},
      {"v=DKIM1\\; k=rsa\\; p=" + key, "holds backslashes"},
      {"( \"v=DKIM1; k=rsa; \" \"p=" + key + "\" )", "text of a zone file"},
      {"m._domainkey IN TXT " + whole, "text of a zone file"},
      {"m._domainkey.example.com. 3600 IN TXT ( \"" + whole + "\" )", "text of a zone file"},
      {"IN\tTXT\t" + whole, "text of a zone file"},
      {whole + " v=spf1 -all", "more than one record"},
      {whole + "; " + whole, "more than one record"},
      {"v=spf1 mx -all", "another kind of record (v=spf1)"},
      {"v = DMARC1; p=none", "another kind of record (v=DMARC1)"},
      {"v=STSv1; id=1", "another kind of record (v=STSv1)"},
      {"v=DKIM1; k=rsa; p=MIIBIj...AQAB", "abbreviates it with dots"},
      {"v=DKIM1; k=rsa; p=MIIBIj\xe2\x80\xa6QAB", "abbreviates it with dots"},
      {"v=DKIM1;\xc2\xa0k=rsa; p=" + key, "not ASCII"},
      {"v=DKIM1 k=rsa p=" + key, "a semicolon is missing"},
      {"v=DKIM1, k=rsa, p=" + key, "a semicolon is missing"},
      {"v=DKIM1 ; k=rsa p=" + key, "a semicolon is missing"},
      {"v=dkim1; k=rsa; p=" + key, "must be v=DKIM1"},
      {"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQD", "the key alone"},
      {"-----BEGIN PUBLIC KEY-----\nMIIB", "holds a key file"},
      {"-----BEGIN PRIVATE KEY-----\nMIIB", "a PRIVATE KEY is published"},
      {"-----BEGIN RSA PRIVATE KEY-----\nMIIB", "a PRIVATE KEY is published"},
      {"v=DKIM1; k=rsa; p=!", ""},
      {"v=DKIM1; =", ""},
      {"v=", ""},
      {"v = ", ""},
      {"", ""},
      {"some words", ""},
      {"v=" + std::string(300, 'x'), ""},
      {"v=a\x1b[m; p=", ""},
  };
  for (const auto& [value, said] : rows) {
    const auto slip = record_slip(value);
    if (said.empty()) {
      EXPECT_EQ(slip, std::nullopt) << value;
    } else {
      ASSERT_TRUE(slip.has_value()) << value;
      EXPECT_NE(slip->find(said), std::string::npos) << value << ": " << *slip;
      EXPECT_FALSE(static_cast<bool>(parse_record(value))) << value;
    }
  }
}

TEST(RecordSlips, AreNotInOurOwnRecords) {
  for (const auto* note : {"", "a note, of v=spf1"}) {
    RecordFlags flags;
    flags.note = note;
    EXPECT_EQ(record_slip(write_record({Algorithm::rsa, std::vector<unsigned char>(294, 7), flags})),
              std::nullopt);
  }
}

}  // namespace
}  // namespace dkim::crypto
