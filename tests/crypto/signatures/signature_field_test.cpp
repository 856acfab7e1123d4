// Tests the requirements on a signature field (RFC 6376 §3.5, §6.1.1), with a row for each.
#include "crypto/signatures/signature_field.hpp"

#include <gtest/gtest.h>

#include <map>

namespace dkim::crypto {
namespace {

using Tags = std::map<std::string, std::optional<std::string>>;

const std::string hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

// Returns a good field with some of its tags changed, added or, if there is no value, left out.
std::string field_with(const Tags& changes) {
  Tags tags{{"v", "1"},           {"a", "rsa-sha256"}, {"b", "AAAA"},  {"bh", hash},
            {"d", "example.com"}, {"h", "From:To"},    {"s", "server"}};
  for (const auto& [name, value] : changes)
    tags[name] = value;
  std::string text;
  for (const auto& [name, value] : tags) {
    if (value) text += (text.empty() ? " " : "; ") + name + "=" + *value;
  }
  return text;
}

std::string outcome(const std::string& value) {
  const auto parsed = parse_signature_field(value);
  const auto* problem = std::get_if<VerifyProblem>(&parsed);
  return problem == nullptr ? "" : std::string(to_string(problem->reason));
}

SignatureField good(const Tags& changes) {
  auto parsed = parse_signature_field(field_with(changes));
  if (const auto* problem = std::get_if<VerifyProblem>(&parsed)) throw std::runtime_error(problem->text);
  return std::get<SignatureField>(std::move(parsed));
}

struct Row {
  Tags changes;
  const char* reason;  // empty: a good field
};

void PrintTo(const Row& row, std::ostream* out) {
  for (const auto& [name, value] : row.changes)
    *out << name << "=" << value.value_or("(none)") << " ";
}

class SignatureFieldTest : public testing::TestWithParam<Row> {};

TEST_P(SignatureFieldTest, IsJudgedAsTheRfcSays) {
  EXPECT_EQ(outcome(field_with(GetParam().changes)), GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(Required, SignatureFieldTest,
                         testing::Values(Row{{}, ""}, Row{{{"v", {}}}, "missing_tag"},
                                         Row{{{"a", {}}}, "missing_tag"}, Row{{{"b", {}}}, "missing_tag"},
                                         Row{{{"bh", {}}}, "missing_tag"}, Row{{{"d", {}}}, "missing_tag"},
                                         Row{{{"h", {}}}, "missing_tag"}, Row{{{"s", {}}}, "missing_tag"}));

INSTANTIATE_TEST_SUITE_P(
    Values, SignatureFieldTest,
    testing::Values(Row{{{"v", "2"}}, "version"}, Row{{{"v", "1.0"}}, "version"}, Row{{{"v", ""}}, "version"},
                    Row{{{"a", "ed25519-sha256"}}, ""}, Row{{{"a", "rsa-sha1"}}, "historic_algorithm"},
                    Row{{{"a", "RSA-SHA256"}}, "unknown_algorithm"}, Row{{{"a", ""}}, "unknown_algorithm"},
                    Row{{{"b", "AA\r\n AA"}}, ""}, Row{{{"b", ""}}, "syntax"}, Row{{{"b", "AAA"}}, "syntax"},
                    Row{{{"b", "????"}}, "syntax"}, Row{{{"bh", ""}}, "syntax"},
                    Row{{{"bh", "!" + hash}}, "syntax"}, Row{{{"c", "simple"}}, ""},
                    Row{{{"c", "simple/relaxed"}}, ""}, Row{{{"c", "nofws"}}, "unknown_canonicalization"},
                    Row{{{"c", "simple/"}}, "unknown_canonicalization"},
                    Row{{{"c", ""}}, "unknown_canonicalization"}, Row{{{"d", "EXAMPLE.com"}}, ""},
                    Row{{{"d",
                          "b\xc3\xbc"
                          "cher.example"}},
                        ""},
                    Row{{{"d", ""}}, "domain"}, Row{{{"d", "com"}}, "domain"},
                    Row{{{"d", "example.com."}}, "domain"}, Row{{{"d", "exa mple.com"}}, "domain"},
                    Row{{{"d", "a..example"}}, "domain"}, Row{{{"d", "[192.0.2.1]"}}, "domain"},
                    Row{{{"d", "../etc.example"}}, "domain"}, Row{{{"s", "a.b"}}, ""},
                    Row{{{"s", "a_b-1"}}, ""}, Row{{{"s", ""}}, "selector"}, Row{{{"s", "a/b"}}, "selector"},
                    Row{{{"s", "a."}}, "selector"}, Row{{{"s", std::string(63, 'a')}}, ""},
                    Row{{{"s", std::string(64, 'a')}}, "selector"}, Row{{{"h", " from : \r\n\tto "}}, ""},
                    Row{{{"h", "FROM"}}, ""}, Row{{{"h", "From:From:X-None"}}, ""},
                    Row{{{"h", "To"}}, "from_not_signed"}, Row{{{"h", "To:Fromage"}}, "from_not_signed"},
                    Row{{{"h", ""}}, "syntax"}, Row{{{"h", "From::To"}}, "syntax"},
                    Row{{{"h", "From:"}}, "syntax"}, Row{{{"h", "From:T o"}}, "syntax"},
                    Row{{{"h", "From:\xc3\xa4"}}, "syntax"}, Row{{{"i", "@example.com"}}, ""},
                    Row{{{"i", "a=20b@Example.COM"}}, ""}, Row{{{"i", "x@a.b.example.com"}}, ""},
                    Row{{{"i", "a@b@example.com"}}, ""}, Row{{{"i", "@notexample.com"}}, "identity"},
                    Row{{{"i", "@com"}}, "identity"}, Row{{{"i", "example.com"}}, "identity"},
                    Row{{{"i", ""}}, "identity"}, Row{{{"i", "a@"}}, "identity"}, Row{{{"l", "0"}}, ""},
                    Row{{{"l", std::string(76, '9')}}, ""}, Row{{{"l", ""}}, "syntax"},
                    Row{{{"l", "-1"}}, "syntax"}, Row{{{"l", "1 2"}}, "syntax"}, Row{{{"q", "dns/txt"}}, ""},
                    Row{{{"q", "zz : dns/txt"}}, ""}, Row{{{"q", "dns"}}, "unknown_query"},
                    Row{{{"q", ""}}, "unknown_query"}, Row{{{"t", "0"}}, ""},
                    Row{{{"t", "999999999999999999999999"}}, ""}, Row{{{"t", "now"}}, "syntax"},
                    Row{{{"t", ""}}, "syntax"}, Row{{{"x", "1"}}, ""}, Row{{{"x", "1.5"}}, "syntax"},
                    Row{{{"t", "10"}, {"x", "11"}}, ""}, Row{{{"t", "10"}, {"x", "10"}}, "times"},
                    Row{{{"t", "10"}, {"x", "9"}}, "times"},
                    // Unknown tags, z= among them, are ignored whatever they say.
                    Row{{{"zz", "?"}}, ""}, Row{{{"z", "From:a|To:b"}}, ""}, Row{{{"_z", "?"}}, "syntax"}));

TEST(SignatureFieldSyntaxTest, AnythingButATagListIsRefused) {
  for (const std::string text : {"", "  ", "v", ";", "v=1;;", "v=1; v=1", "\x01"})
    EXPECT_EQ(outcome(text), "syntax") << text;
  EXPECT_EQ(outcome(field_with({}) + ";"), "");
  EXPECT_EQ(outcome(field_with({}) + "; b=AAAA"), "syntax");
  EXPECT_EQ(outcome(field_with({}) + std::string("; z=\0", 5)), "syntax");
}

TEST(SignatureFieldSyntaxTest, TheReasonIsInWordsAndSafeToShow) {
  const auto parsed = parse_signature_field(field_with({{"d", "\xc3\xa4\x80 x"}}));
  EXPECT_EQ(std::get<VerifyProblem>(parsed).text, "d= is \"\\xc3\\xa4\\x80 x\", which is not a domain");
}

TEST(SignatureFieldValueTest, EveryTagIsRead) {
  const auto field = good({{"a", "ed25519-sha256"},
                           {"c", "relaxed/simple"},
                           {"d",
                            "b\xc3\xbc"
                            "cher.Example"},
                           {"s", "S1.eu"},
                           {"h", "From : to:From"},
                           {"i", "x@sub.xn--bcher-kva.example"},
                           {"l", "17"},
                           {"t", "1"},
                           {"x", "2"},
                           {"b", "AAEC\r\n\tAw =="}});
  EXPECT_EQ(field.algorithm, Algorithm::ed25519);
  EXPECT_EQ(field.signature, (std::vector<unsigned char>{0, 1, 2, 3}));
  EXPECT_EQ(field.body_hash.size(), 32U);
  EXPECT_EQ(to_string(field.canonicalization), "relaxed/simple");
  EXPECT_EQ(field.domain, "xn--bcher-kva.example");
  EXPECT_EQ(field.record_name(), "s1.eu._domainkey.xn--bcher-kva.example");
  EXPECT_EQ(field.names, (std::vector<std::string>{"From", "to", "From"}));
  EXPECT_EQ(field.identity, "x@sub.xn--bcher-kva.example");
  EXPECT_TRUE(field.identity_below_domain);
  EXPECT_EQ(field.body_limit, 17U);
  EXPECT_EQ(field.time, 1U);
  EXPECT_EQ(field.expiration, 2U);
}

TEST(SignatureFieldValueTest, MissingTagsHaveTheirDefaults) {
  const auto field = good({});
  EXPECT_EQ(to_string(field.canonicalization), "simple/simple");
  EXPECT_FALSE(field.identity || field.identity_below_domain || field.body_limit || field.time ||
               field.expiration);
  EXPECT_EQ(to_string(good({{"c", "relaxed"}}).canonicalization), "relaxed/simple");
  EXPECT_FALSE(good({{"i", "x@Example.Com"}}).identity_below_domain);
}

TEST(SignatureFieldValueTest, ANumberThatIsTooLargeBecomesTheLargest) {
  EXPECT_EQ(good({{"l", "18446744073709551615"}}).body_limit, 18446744073709551615U);
  EXPECT_EQ(good({{"l", "18446744073709551616"}}).body_limit, 18446744073709551615U);
  EXPECT_EQ(good({{"l", std::string(76, '9')}}).body_limit, 18446744073709551615U);
}

TEST(SignatureFieldValueTest, ANameThatIsTooLongForDnsIsRefused) {
  const std::string label(60, 'a');
  const std::string domain = label + "." + label + "." + label + ".example";  // 190
  EXPECT_EQ(outcome(field_with({{"d", domain}, {"s", std::string(51, 's')}})), "");
  EXPECT_EQ(outcome(field_with({{"d", domain}, {"s", std::string(52, 's')}})), "selector");
}

// RFC 6376 §3.7 removes the value and the white space around it, nothing else.
TEST(WithoutSignatureTest, RemovesOnlyTheValueOfB) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {" v=1; b=AAAA; bh=b", " v=1; b=; bh=b"},
      {" bh=b=; b = \r\n\tAA\r\n AA \t; d=x", " bh=b=; b =; d=x"},
      {" v=1;\r\n\tb=AAAA\r\n AAAA ", " v=1;\r\n\tb="},
      {"b=", "b="},
      {" b\r\n =A=;", " b\r\n =;"},
      {" zb=1; b=2; ab=3", " zb=1; b=; ab=3"},
      {" B=1; b=2", " B=1; b="},
      {" no list; b=2", " no list; b=2"},
      {" v=1", " v=1"}};
  for (const auto& [before, after] : rows) {
    const auto field = without_signature({"DKIM-Signature ", before});
    EXPECT_EQ(field.value, after);
    EXPECT_EQ(field.name, "DKIM-Signature ");
  }
}

}  // namespace
}  // namespace dkim::crypto
