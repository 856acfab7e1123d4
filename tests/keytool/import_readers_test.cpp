// Tests that the readers of OpenDKIM's files decide as opendkim 2.11 was observed to do.
#include <gtest/gtest.h>

#include "keytool/opendkim/conf_file.hpp"
#include "keytool/opendkim/data_set.hpp"
#include "keytool/opendkim/key_table.hpp"
#include "keytool/opendkim/setting_names.hpp"
#include "keytool/opendkim/signing_table.hpp"
#include "tests/keytool/import_plan_fixture.hpp"

namespace dkim::keytool::opendkim {
namespace {

using Type = DataSetName::Type;

TEST(ImportConfFile, ReadsNamesAndValues) {
  const auto settings = parse_settings("# comment\n\n  Domain \t example.com  # ours\r\nMode\nX a b\tc", "f");
  ASSERT_EQ(settings.size(), 3U);
  EXPECT_EQ(settings[0].name, "Domain");
  EXPECT_EQ(settings[0].value, "example.com");
  EXPECT_EQ(settings[0].place, "f:3");
  EXPECT_EQ(settings[1].value, "");
  EXPECT_EQ(settings[2].value, "a b\tc");
}

TEST(ImportConfFile, TheLastSettingOfANameWinsWhateverItsCaseAndFile) {
  test::TextSources sources;
  sources.files["/c"] = "Selector one\nInclude /more\nSELECTOR three\n";
  sources.files["/more"] = "selector two\nDomain d.example\n";
  const auto conf = ConfFile::read("/c", sources);
  ASSERT_NE(conf.find("Selector"), nullptr);
  EXPECT_EQ(conf.find("Selector")->value, "three");
  EXPECT_EQ(conf.find("domain")->place, "/more:2");
  EXPECT_EQ(conf.find("KeyFile"), nullptr);
  EXPECT_TRUE(conf.remarks().empty());
}

TEST(ImportConfFile, RemarksOnErrorsThatKeepOpendkimFromStarting) {
  test::TextSources sources;
  sources.files["/c"] = "SubDomains\nInclude /absent\nInclude /c\n";
  const auto conf = ConfFile::read("/c", sources);
  std::size_t without_value = 0;
  std::size_t too_deep = 0;
  for (const auto& remark : conf.remarks()) {
    EXPECT_EQ(remark.kind, Remark::Kind::not_taken);
    without_value += remark.text.find("no value") != std::string::npos ? 1 : 0;
    too_deep += remark.text.find("deeper than 5 files") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(without_value, 6U);
  EXPECT_EQ(too_deep, 2U) << "both Include lines of the sixth file";
}

TEST(ImportConfFile, AFileThatIncludesItselfAThousandTimesEnds) {
  test::TextSources sources;
  for (int i = 0; i < 1000; ++i)
    sources.files["/c"] += "Include /c\n";
  EXPECT_LT(ConfFile::read("/c", sources).remarks().size(), 100'001U);
}

TEST(ImportConfFile, ReadsSwitchesByTheirFirstLetter) {
  for (const auto& [value, on] : std::map<std::string, bool>{{"yes", true},
                                                             {"True", true},
                                                             {"1", true},
                                                             {"Y", true},
                                                             {"no", false},
                                                             {"0", false},
                                                             {"on", false}}) {
    test::TextSources sources;
    sources.files["/c"] = "SubDomains " + value + "\n";
    EXPECT_EQ(ConfFile::read("/c", sources).is_on("SubDomains"), on) << value;
  }
}

TEST(ImportConfFile, RelativePathsBeginAtTheBaseDirectory) {
  test::TextSources sources;
  sources.files["/c"] = "BaseDirectory /etc/mail\n";
  sources.files["/d"] = "Mode s\n";
  EXPECT_EQ(ConfFile::read("/c", sources).resolve("./keys/a"), "/etc/mail/keys/a");
  EXPECT_EQ(ConfFile::read("/d", sources).resolve("keys/a"), "/keys/a");
  EXPECT_EQ(ConfFile::read("/c", sources).resolve("/a"), "/a");
}

TEST(ImportDataSet, FindsTheTypeOfAValueAsOpendkimDoes) {
  const struct {
    const char* value;
    Type type;
    const char* argument;
  } cases[] = {
      {"example.com", Type::list, "example.com"},
      {"csl:a,b", Type::list, "a,b"},
      {"CSL:a", Type::list, "a"},
      {"/etc/hosts", Type::file, "/etc/hosts"},
      {"file:hosts", Type::file, "hosts"},
      {"refile:/t", Type::patterns, "/t"},
      {"127.0.0.1, ::1", Type::list, "127.0.0.1, ::1"},
      {"./hosts", Type::list, "./hosts"},
  };
  for (const auto& test : cases) {
    const auto name = parse_data_set_name(test.value);
    EXPECT_EQ(name.type, test.type) << test.value;
    EXPECT_EQ(name.argument, test.argument) << test.value;
  }
}

TEST(ImportDataSet, SaysWhyOtherTypesAreNotRead) {
  const std::map<std::string, std::string> cases{{"db:/x.db", "Berkeley DB"},
                                                 {"/etc/domains.db", "Berkeley DB"},
                                                 {"dsn:mysql://h/d", "SQL"},
                                                 {"ldap://h/b", "LDAP"},
                                                 {"ldaps://h/b", "LDAP"},
                                                 {"lua:/x.lua", "Lua"},
                                                 {"memcache:h/k", "memcached"},
                                                 {"socket:inet:1@h", "socket"},
                                                 {"repute:h", "reputation"},
                                                 {"erlang:n@h:c:m:f", "Erlang"},
                                                 {"mdb:/x", "LMDB"},
                                                 {"::1", "csl:"},
                                                 {"nosuch:x", "not a type of data set"}};
  for (const auto& [value, why] : cases) {
    const auto name = parse_data_set_name(value);
    EXPECT_EQ(name.type, Type::unreadable) << value;
    EXPECT_NE(name.argument.find(why), std::string::npos) << value << ": " << name.argument;
  }
}

TEST(ImportDataSet, ReadsFilesAndLists) {
  const auto lines = parse_data_file(" a.example\tx:y # z\n\n#\nb.example\n c  d e \n", "t");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].key, "a.example");
  EXPECT_EQ(lines[0].value, "x:y");
  EXPECT_EQ(lines[1].value, "");
  EXPECT_EQ(lines[1].place, "t:4");
  EXPECT_EQ(lines[2].value, "d e");
  const auto list = parse_data_list(" a , b=c=d,, =x", "p");
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].key, "a");
  EXPECT_EQ(list[1].key, "b");
  EXPECT_EQ(list[1].value, "c=d");
}

TEST(ImportKeyTable, DividesItsLinesAndRemarksOnThoseWithoutAKey) {
  const auto table = read_key_table(
      {Type::file,
       parse_data_file("a example.com:mail:/k/a.pem\nb %:s:MIIB\nNoKey example.com:mail\nNoValue\n"
                       "empty example.com::/k\nfour d:s:/k:x\nA other.example:x:/y\n",
                       "t")});
  ASSERT_EQ(table.entries.size(), 4U);
  EXPECT_TRUE(table.entries[0].has_path());
  EXPECT_EQ(table.entries[1].domain, "%");
  EXPECT_FALSE(table.entries[1].has_path());
  EXPECT_EQ(table.entries[2].key, "/k");
  ASSERT_NE(table.find("a"), nullptr);
  EXPECT_EQ(table.find("A")->domain, "example.com") << "the first entry of a name counts, whatever its case";
  EXPECT_EQ(table.find("nokey"), nullptr);
  ASSERT_EQ(table.remarks.size(), 3U);
  EXPECT_EQ(table.remarks[0].place, "t:3");
}

std::vector<std::string> senders(const SigningTable& table) {
  std::vector<std::string> out;
  for (const auto& entry : table.entries)
    out.push_back(entry.pattern.text() + " " + entry.key_name);
  return out;
}

TEST(ImportSigningTable, AFlatFileIsInTheOrderOfLookUps) {
  const auto table = read_signing_table(
      {Type::file,
       parse_data_file("* k\nu@* k\n.example.com k\nu@.example.com k\n.b.example.com k\nExample.com k\n"
                       "u@example.com k\nu@.b.example.com k\nu@example.com twice\n",
                       "t")});
  EXPECT_EQ(senders(table),
            (std::vector<std::string>{"u@example.com k", "*@example.com k", "u@*.b.example.com k",
                                      "u@*.example.com k", "*@*.b.example.com k", "*@*.example.com k",
                                      "u@* k", "* k"}));
  ASSERT_EQ(table.remarks.size(), 1U);
  EXPECT_EQ(table.remarks[0].kind, Remark::Kind::note);
}

TEST(ImportSigningTable, StarsInAFlatFileAreNoPatterns) {
  const auto table = read_signing_table({Type::file, parse_data_file("*@example.com k\n", "t")});
  EXPECT_TRUE(table.entries.empty());
  ASSERT_EQ(table.remarks.size(), 1U);
  EXPECT_NE(table.remarks[0].text.find("refile:"), std::string::npos);
}

TEST(ImportSigningTable, PatternsStayInTheirOrder) {
  const auto table = read_signing_table(
      {Type::patterns,
       parse_data_file("*@example.com a\n* b\nNews-*@x.example c\n*end.example d\nbare.example e\n", "t")});
  EXPECT_EQ(senders(table),
            (std::vector<std::string>{"*@example.com a", "* b", "news-*@x.example c", "*@*end.example d"}));
}

TEST(ImportSigningTable, RemarksOnLinesThatNoRuleCanExpress) {
  const auto table = read_signing_table(
      {Type::patterns, parse_data_file("(a|b)@example.com k\nu@example.com k:me@example.com\nalone\n", "t")});
  ASSERT_EQ(table.remarks.size(), 3U);
  for (const auto& remark : table.remarks)
    EXPECT_TRUE(is_loss(remark)) << remark.text;
  ASSERT_EQ(table.entries.size(), 1U);
  EXPECT_EQ(table.entries[0].key_name, "k");
}

TEST(ImportSettingNames, AreKnownWhateverTheirCase) {
  EXPECT_EQ(fate_of("domain").fate, Fate::taken);
  EXPECT_EQ(fate_of("On-BadSignature").fate, Fate::verifying);
  EXPECT_EQ(fate_of("SOCKET").fate, Fate::elsewhere);
  EXPECT_EQ(fate_of("BodyLengthDB").fate, Fate::signed_otherwise);
  EXPECT_EQ(fate_of("POPDBFile").fate, Fate::unsigned_mail);
  EXPECT_EQ(fate_of("ChangeRootDirectory").fate, Fate::lost);
  EXPECT_EQ(fate_of("Domains").fate, Fate::unknown);
}

}  // namespace
}  // namespace dkim::keytool::opendkim
