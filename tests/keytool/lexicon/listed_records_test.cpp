// What lexicon prints, which an API decides.
#include "keytool/lexicon/listed_records.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dkim::keytool {
namespace {

std::vector<ListedRecord> read(std::string_view output) {
  auto records = read_listed_records(output, "s1._domainkey.example.com", "example.com");
  return records ? *std::move(records) : std::vector<ListedRecord>{{"refused", records.refusal().reason}};
}

TEST(ListedRecords, finds_the_name_in_each_of_its_forms) {
  const std::vector<ListedRecord> expected{{"1", "a"}, {"2", "b"}, {"3", "c"}, {"", "d"}};
  EXPECT_EQ(read(R"(a line of the log
[{"id": 1, "type": "TXT", "name": "s1._domainkey.example.com", "content": "a", "ttl": 60},
)"),
            (std::vector<ListedRecord>{{"refused", "the list of records is not JSON"}}));
  EXPECT_EQ(
      read("a line of the log\n"
           R"([{"id": 1, "type": "TXT", "name": "s1._domainkey.example.com", "content": "a", "ttl": 60}, )"
           R"({"id": "2", "type": "txt", "name": "S1._domainkey.example.com.", "content": "b"}, )"
           R"({"id": "3", "name": "s1._domainkey", "content": "c"}, )"
           R"({"id": null, "name": "s1._domainkey", "content": "d"}, )"
           R"({"id": "5", "type": "CNAME", "name": "s1._domainkey", "content": "not TXT"}, )"
           R"({"id": "6", "type": "TXT", "name": "s2._domainkey", "content": "another name"}, )"
           R"({"id": "7", "type": "TXT", "name": "xs1._domainkey.example.com", "content": "another name"}])"
           "\n\n"),
      expected);
}

TEST(ListedRecords, refuses_what_it_does_not_understand) {
  for (const char* output : {"", "true", "{}", "[", "[1]", R"([{"name": "x"}])", R"([{"content": "x"}])",
                             "<html></html>", R"([{"name": "x", "content": "y"},])"})
    EXPECT_EQ(read(output).front().identifier, "refused") << output;
  EXPECT_TRUE(read("[]").empty());
}

TEST(ListedRecords, is_not_brought_down_by_depth) {
  const std::string deep(500'000, '[');
  EXPECT_EQ(read(deep).front().content, "the list of records is nested too deeply");
  EXPECT_EQ(read(R"([{"name": "[[[[[[[[[[", "content": "x\"[[[[[[[[["}])").size(), 0U);
}

TEST(ListedRecords, gives_no_identifier_that_cannot_be_an_argument) {
  EXPECT_EQ(read(R"([{"id": "a\u0000b", "name": "s1._domainkey", "content": "x"}])").front().identifier, "");
  EXPECT_EQ(read(R"([{"id": "a\nb", "name": "s1._domainkey", "content": "x"}])").front().identifier, "");
  EXPECT_EQ(read(R"([{"id": ")" + std::string(5000, 'x') + R"(", "name": "s1._domainkey", "content": "x"}])")
                .front()
                .identifier,
            "");
}

TEST(PlainValue, undoes_what_providers_do) {
  for (const char* content : {R"(v=DKIM1; p=AB)", R"("v=DKIM1; p=AB")", R"("v=DKIM1; " "p=AB")",
                              R"("v=DKIM1;" " p=AB")", R"(v=DKIM1; p=" "AB)", R"("v=DKIM1\; p=AB")",
                              R"(v=DKIM1\; p=AB)", R"("\"v=DKIM1; p=AB\"")", "\"v=DKIM1; p=A\"\t\"B\""}) {
    const std::string plain = plain_value(content);
    if (content[1] == '\\') {
      EXPECT_EQ(plain, "\"v=DKIM1; p=AB\"");  // quotation marks that are a part of the value
    } else {
      EXPECT_EQ(plain, "v=DKIM1; p=AB") << content;
    }
  }
  EXPECT_EQ(plain_value(""), "");
  EXPECT_EQ(plain_value("\\"), "\\");
  EXPECT_EQ(plain_value("a  b "), "a  b ");
}

}  // namespace
}  // namespace dkim::keytool
