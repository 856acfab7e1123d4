#include <gtest/gtest.h>

#include "keytool/spf/evaluator.hpp"
#include "keytool/spf/record.hpp"
#include "tests/keytool/table_lookup.hpp"

namespace dkim::keytool::spf {
namespace {

using test::TableLookup;

canon::IpAddress address(const char* text) {
  return *canon::IpAddress::parse(text);
}

const MacroValues values{"strong-bad",        "email.example.com",
                         "email.example.com", address("192.0.2.3"),
                         "mx.example.org",    [] { return std::string("mx.example.org"); }};

std::string expanded(const std::string& text, const MacroValues& with = values) {
  const auto macros = parse_macro_string(text);
  return macros ? expand(*macros, with) : "refused: " + macros.refusal().reason;
}

// These examples are from RFC 7208 §7.4.
TEST(SpfMacro, expands_as_the_rfc_shows) {
  EXPECT_EQ(expanded("%{s}"), "strong-bad@email.example.com");
  EXPECT_EQ(expanded("%{o}"), "email.example.com");
  EXPECT_EQ(expanded("%{d4}"), "email.example.com");
  EXPECT_EQ(expanded("%{d2}"), "example.com");
  EXPECT_EQ(expanded("%{d1}"), "com");
  EXPECT_EQ(expanded("%{dr}"), "com.example.email");
  EXPECT_EQ(expanded("%{d2r}"), "example.email");
  EXPECT_EQ(expanded("%{l-}"), "strong.bad");
  EXPECT_EQ(expanded("%{lr-}"), "bad.strong");
  EXPECT_EQ(expanded("%{l1r-}"), "strong");
  EXPECT_EQ(expanded("%{ir}.%{v}._spf.%{d2}"), "3.2.0.192.in-addr._spf.example.com");
  EXPECT_EQ(expanded("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}"), "bad.strong.lp.3.2.0.192.in-addr._spf.example.com");
  EXPECT_EQ(expanded("%{d2}.trusted-domains.example.net"), "example.com.trusted-domains.example.net");
  MacroValues six = values;
  six.address = address("2001:db8::cb01");
  EXPECT_EQ(expanded("%{ir}.%{v}._spf.%{d2}", six),
            "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com");
}

TEST(SpfMacro, escapes_and_other_letters) {
  EXPECT_EQ(expanded("%%%_%-"), "% %20");
  EXPECT_EQ(expanded("%{S}"), "strong-bad%40email.example.com");
  EXPECT_EQ(expanded("%{h1}/%{p2}"), "org/example.org");
  EXPECT_EQ(expanded("%{d99999999999}"), "email.example.com");
}

TEST(SpfMacro, cuts_a_name_that_is_too_long_at_its_left) {
  MacroValues deep = values;
  deep.domain = std::string(200, 'a') + "." + std::string(60, 'b') + ".example.com";
  EXPECT_EQ(expand_domain(*parse_domain_spec("%{d}"), deep), std::string(60, 'b') + ".example.com");
  EXPECT_EQ(expand_domain(*parse_domain_spec("example.com."), values), "example.com");
}

TEST(SpfRecord, reads_each_mechanism) {
  const auto record = parse_record("v=spf1 -ip4:192.0.2.0/24 ?a:x.example/20//48 mx ~all redirect=y.example");
  ASSERT_TRUE(record);
  ASSERT_EQ(record->mechanisms.size(), 4U);
  EXPECT_EQ(record->mechanisms[0].qualifier, Qualifier::fail);
  EXPECT_EQ(record->mechanisms[0].prefix4, 24U);
  EXPECT_EQ(record->mechanisms[0].byte, 7U);
  EXPECT_EQ(record->mechanisms[0].text, "-ip4:192.0.2.0/24");
  EXPECT_EQ(record->mechanisms[1].qualifier, Qualifier::neutral);
  EXPECT_EQ(record->mechanisms[1].prefix4, 20U);
  EXPECT_EQ(record->mechanisms[1].prefix6, 48U);
  EXPECT_TRUE(record->mechanisms[2].domain.empty());
  EXPECT_EQ(record->all(), &record->mechanisms[3]);
  EXPECT_EQ(record->redirect->text, "redirect=y.example");
}

TEST(SpfRecord, is_distinguished_from_other_texts) {
  EXPECT_TRUE(is_record("v=spf1"));
  EXPECT_TRUE(is_record("V=spf1 -all"));
  EXPECT_FALSE(is_record("v=spf10"));
  EXPECT_FALSE(is_record("v=spf"));
  EXPECT_FALSE(is_record(" v=spf1"));
  EXPECT_FALSE(is_record(""));
}

struct Bad {
  const char* text;
  std::size_t octet;
};
class SpfBadRecord : public testing::TestWithParam<Bad> {};

TEST_P(SpfBadRecord, names_the_place) {
  const auto record = parse_record(GetParam().text);
  ASSERT_FALSE(record) << GetParam().text;
  EXPECT_EQ(record.refusal().byte, GetParam().octet) << GetParam().text << ": " << record.refusal().reason;
}

INSTANTIATE_TEST_SUITE_P(All, SpfBadRecord,
                         testing::Values(Bad{"v=spf1 ip4:192.0.2", 11}, Bad{"v=spf1 -all moo", 12},
                                         Bad{"v=spf1 ip4:192.0.2.1/33", 21}, Bad{"v=spf1 a/", 9},
                                         Bad{"v=spf1 a//129", 10}, Bad{"v=spf1 a:x", 9},
                                         Bad{"v=spf1 a:x.1", 11}, Bad{"v=spf1 include:", 15},
                                         Bad{"v=spf1 include", 14}, Bad{"v=spf1 all:x", 10},
                                         Bad{"v=spf1 ptr/24", 10}, Bad{"v=spf1 exists:%{z}.example", 16},
                                         Bad{"v=spf1 x=%", 9},
                                         Bad{"v=spf1 redirect=a.example redirect=b.example", 26},
                                         Bad{"v=spf1 exp=a.b exp=a.b", 15},
                                         Bad{"v=spf1 exists:\xc3\xa4.example", 14}, Bad{"v=spf2 -all", 0}));

class SpfEvaluation : public testing::Test {
 protected:
  void record(const std::string& domain, const std::string& text) {
    dns_.records[{domain, RecordType::txt}] = {text};
  }
  Outcome check(const char* from = "192.0.2.1") {
    return check_host(dns_, {address(from), "example.com", "mail.example.com"});
  }
  Outcome measured() { return measure(dns_, {address("192.0.2.1"), "example.com", "mail.example.com"}); }

  TableLookup dns_;
};

TEST_F(SpfEvaluation, distinguishes_no_answer_from_no_record) {
  dns_.troubles["example.com"] = "no answer";
  EXPECT_EQ(check().result, Result::temperror);
  EXPECT_EQ(check().reason, "the TXT records of example.com: no answer");
  dns_.troubles = {{"mail.example.com", "no answer"}};
  record("example.com", "v=spf1 a:mail.example.com ip4:192.0.2.1 -all");
  EXPECT_EQ(check().result, Result::temperror);
  EXPECT_EQ(check().voids, 0U);
}

TEST_F(SpfEvaluation, names_the_mechanism_that_decided) {
  record("example.com", "v=spf1 include:example.net ~all");
  record("example.net", "v=spf1 ip4:192.0.2.0/24 -all");
  EXPECT_EQ(check().reason, "include:example.net of example.com");
  EXPECT_EQ(check("198.51.100.1").reason, "~all of example.com");
}

TEST_F(SpfEvaluation, measures_what_comes_after_a_match) {
  record("example.com", "v=spf1 ip4:192.0.2.1 include:a.example ptr -all mx:never.example");
  record("a.example", "v=spf1 a:h1.example a:h2.example ip4:192.0.2.1 ?all");
  EXPECT_EQ(check().lookups, 0U);
  const auto cost = measured();
  EXPECT_EQ(cost.result, Result::fail);
  EXPECT_EQ(cost.lookups, 4U);
  EXPECT_EQ(cost.voids, 3U);
  EXPECT_TRUE(cost.ptr);
}

TEST_F(SpfEvaluation, ends_at_a_loop) {
  record("example.com", "v=spf1 include:b.example ?all");
  record("b.example", "v=spf1 redirect=Example.COM");
  EXPECT_EQ(measured().reason, "the record of Example.COM leads back to itself");
  EXPECT_EQ(measured().result, Result::permerror);
  dns_.questions = 0;
  EXPECT_EQ(check().result, Result::permerror);
  EXPECT_LE(dns_.questions, 11U);
}

TEST_F(SpfEvaluation, stops_counting_at_a_limit) {
  std::string text = "v=spf1";
  for (int i = 0; i < 100; ++i)
    text += " a:h" + std::to_string(i) + ".example";
  record("example.com", text);
  EXPECT_EQ(measured().lookups, 51U);
  EXPECT_EQ(measured().result, Result::permerror);
}

}  // namespace
}  // namespace dkim::keytool::spf
