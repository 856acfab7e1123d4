// Tests whole plans, from an opendkim.conf with its files to keys, settings and remarks.
#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/settings/settings_reader.hpp"
#include "crypto/settings/signing_settings.hpp"
#include "keytool/opendkim/conf_text.hpp"
#include "keytool/opendkim/plan.hpp"
#include "keytool/opendkim/rule_check.hpp"
#include "tests/keytool/import_plan_fixture.hpp"

namespace dkim::keytool::opendkim {
namespace {

std::string pem(const crypto::PrivateKey& key) {
  const auto secret = key.to_pem();
  return {secret.begin(), secret.end()};
}

const std::string& a_key() {
  static const std::string text = pem(crypto::PrivateKey::generate_ed25519());
  return text;
}

class ImportPlanTest : public ::testing::Test {
 protected:
  ImportPlan plan(const std::string& conf) {
    sources_.files["/c"] = conf;
    return plan_import("/c", sources_,
                       [](const canon::DomainName&) { return std::vector<canon::Selector>{}; });
  }

  // Returns the configuration that import writes, and reads its settings.
  std::string text(const std::string& conf) {
    const auto written = conf_text(plan(conf), std::nullopt);
    const auto file = crypto::SettingsFile::parse(written, "written");
    auto root = file.root();
    settings_ = crypto::read_signing_settings(root);
    return written;
  }

  static std::vector<std::string> names(const ImportPlan& plan) {
    std::vector<std::string> out;
    for (const auto& [name, key] : plan.keys)
      out.push_back(name.selector.str() + " " + name.domain.str());
    return out;
  }

  static std::vector<std::string> losses(const Remarks& remarks) {
    std::vector<std::string> out;
    for (const auto& remark : remarks) {
      if (is_loss(remark)) out.push_back(remark.place + " " + remark.text);
    }
    return out;
  }

  // Returns whether a remark of this kind has this text.
  static bool says(const ImportPlan& plan, Remark::Kind kind, std::string_view text) {
    return std::any_of(plan.remarks.begin(), plan.remarks.end(), [&](const Remark& remark) {
      return remark.kind == kind && remark.text.find(text) != std::string::npos;
    });
  }

  test::TextSources sources_;
  crypto::SigningSettings settings_;
};

using Texts = std::vector<std::string>;
using Kind = Remark::Kind;

TEST_F(ImportPlanTest, ImportsOneKeyForEachDomain) {
  sources_.files["/k"] = a_key();
  const auto found = plan("Domain a.example, B.example\nSelector S\nKeyFile /k\nSubDomains yes\n");
  EXPECT_EQ(names(found), (Texts{"s a.example", "s b.example"}));
  EXPECT_TRUE(found.subdomains.at(*canon::DomainName::parse("a.example")).sign);
  EXPECT_TRUE(found.rules.empty());
  EXPECT_TRUE(losses(found.remarks).empty());
}

TEST_F(ImportPlanTest, AVerifierHasNothingToImport) {
  const auto found = plan("Mode v\nDomain a.example\nSelector s\nKeyFile /k\n");
  EXPECT_TRUE(found.keys.empty());
  EXPECT_TRUE(says(found, Kind::note, "signs nothing"));
}

TEST_F(ImportPlanTest, NamesWhatIsMissing) {
  EXPECT_FALSE(losses(plan("Domain a.example\n").remarks).empty());
  EXPECT_FALSE(losses(plan("KeyTable csl:a=b\n").remarks).empty());
  EXPECT_FALSE(losses(plan("SigningTable csl:a=b\n").remarks).empty());
  const auto nothing = plan("Mode sv\n");
  EXPECT_TRUE(losses(nothing.remarks).empty());
  EXPECT_TRUE(says(nothing, Kind::note, "signs nothing"));
}

TEST_F(ImportPlanTest, CannotSignAsAnybody) {
  sources_.files["/k"] = a_key();
  const auto found = plan("Domain *\nSelector s\nKeyFile /k\n");
  EXPECT_TRUE(found.keys.empty());
  EXPECT_TRUE(says(found, Kind::unsigned_mail, "whatever domain"));
}

TEST_F(ImportPlanTest, AKeyThatCannotBeReadDoesNotStopTheOthers) {
  sources_.files["/k"] = a_key();
  sources_.files["/broken"] = "not a key!";
  const auto found = plan(
      "KeyTable csl:a=a.example:s:/k,b=b.example:s:/absent,c=c.example:s:/broken\n"
      "SigningTable csl:a.example=a,b.example=b,c.example=c\n");
  EXPECT_EQ(names(found), Texts{"s a.example"});
  EXPECT_EQ(losses(found.remarks),
            (Texts{"/c:1 key s of b.example: /absent does not exist",
                   "/c:1 key s of c.example: /broken is neither a private key in PEM nor one in base64"}));
}

TEST_F(ImportPlanTest, TheFirstOfTwoKeysWithOneNameCounts) {
  sources_.files["/k"] = a_key();
  sources_.files["/other"] = pem(crypto::PrivateKey::generate_ed25519());
  const auto found =
      plan("KeyTable csl:a=a.example:s:/k,b=a.example:s:/other\nSigningTable csl:a.example=a,b.example=b\n");
  EXPECT_EQ(names(found), Texts{"s a.example"});
  EXPECT_TRUE(says(found, Kind::signed_otherwise, "is another key than /k"));
}

TEST_F(ImportPlanTest, ReportsAKeyThatOthersCanRead) {
  sources_.files["/k"] = a_key();
  sources_.mode = 0644;
  EXPECT_TRUE(says(plan("Domain a.example\nSelector s\nKeyFile /k\n"), Kind::note, "open to others"));
}

TEST_F(ImportPlanTest, AKeyThatNothingNamesStaysWhereItIs) {
  sources_.files["/k"] = a_key();
  const auto found = plan("KeyTable csl:a=a.example:s:/k,b=a.example:t:/k\nSigningTable csl:a.example=a\n");
  EXPECT_EQ(names(found), Texts{"s a.example"});
  EXPECT_TRUE(says(found, Kind::note, "named by no line"));
}

TEST_F(ImportPlanTest, APathWithPercentStandsForItsFiles) {
  for (const auto* file : {"/k/a.example/s.pem", "/k/b.example/s.pem", "/k/b.example/other", "/k/-/s.pem"})
    sources_.files[file] = a_key();
  // Makes names_in return the names of the directories in /k.
  for (const auto* name : {"/k/a.example", "/k/b.example", "/k/-"})
    sources_.files[name];
  const auto found = plan("KeyTable csl:any=%:s:/k/%/s.pem\nSigningTable csl:*=any\n");
  EXPECT_EQ(names(found), (Texts{"s a.example", "s b.example"}));
  EXPECT_TRUE(losses(found.remarks).empty());
}

TEST_F(ImportPlanTest, TheAuthorsDomainMustBeKnown) {
  sources_.files["/k"] = a_key();
  const auto found = plan("KeyTable csl:any=%:s:/k\nSigningTable csl:*=any,a.example=any\n");
  EXPECT_EQ(names(found), Texts{"s a.example"});
  EXPECT_TRUE(says(found, Kind::unsigned_mail, "needs to know the domains"));
}

TEST_F(ImportPlanTest, SettingsWithoutEffectAreLeftOut) {
  sources_.files["/k"] = a_key();
  EXPECT_EQ(text("Domain a.example\nSelector s\nKeyFile /k\n"),
            "# Written by dkimkey import from a configuration of OpenDKIM; change it as you like.\n"
            "trusted_networks = ( \"::1\", \"127.0.0.1\" );\n"
            "macros = ( );\n");
}

TEST_F(ImportPlanTest, WritesTheSettingsThatDecide) {
  sources_.files["/k"] = a_key();
  const auto written = text(
      "KeyTable csl:a=a.example:s:/k\nSigningTable csl:me@a.example=a\nInternalHosts 10.0.0.0/8\n"
      "MacroList daemon_name=MSA|TLS,x\nMTA other\nCanonicalization relaxed\nSignatureTTL 3600\n"
      "On-Default reject\nOn-InternalError accept\nOversignHeaders From,To\nSignHeaders Subject,X-Own\n"
      "OmitHeaders Subject\nExemptDomains quiet.example\n");
  EXPECT_EQ(settings_.canonicalization.header, canon::Canonicalization::relaxed);
  EXPECT_EQ(settings_.canonicalization.body, canon::Canonicalization::simple);
  EXPECT_EQ(settings_.signed_headers, Texts{"X-Own"});
  EXPECT_EQ(settings_.oversigned_headers, (Texts{"From", "To"}));
  EXPECT_EQ(settings_.expiration.count(), 3600);
  ASSERT_EQ(settings_.rules.size(), 3U);
  EXPECT_EQ(settings_.rules[0].sender, "*@quiet.example");
  EXPECT_EQ(settings_.rules[0].domain, std::nullopt);
  EXPECT_EQ(settings_.rules[1].sender, "me@a.example");
  EXPECT_TRUE(settings_.rules[1].selectors.empty());
  EXPECT_EQ(settings_.rules[2].sender, "*@a.example");
  EXPECT_NE(written.find("on_error = \"accept\";"), std::string::npos);
  EXPECT_NE(written.find("{ name = \"{daemon_name}\"; values = ( \"other\", \"MSA\", \"TLS\" ); }"),
            std::string::npos);
  EXPECT_NE(written.find("{ name = \"x\"; }"), std::string::npos);
}

TEST_F(ImportPlanTest, ListsOfHeaderFieldsChangeOurs) {
  const std::map<std::string, std::pair<Texts, Texts>> cases{
      {"SignHeaders *,+X-A,+From,-Subject,-X-None,-From\n", {{"+X-A", "-Subject"}, {}}},
      {"SignHeaders *,-X-None\n", {{}, {}}},
      {"OmitHeaders *,+Subject,-Bcc\n", {{"-Subject"}, {}}},
      {"OmitHeaders From\n", {{}, {}}},
      {"SignHeaders X-*,To\n", {{"To"}, {}}},
      {"OversignHeaders DKIM-Signature\n", {{}, {"From"}}},
      {"OversignHeaders *,+To\n", {{}, {"To"}}},
      {"SignHeaders From,Received,return-path,To\n", {{"From", "To"}, {}}},
      {"SignHeaders *,+Received,+X-A\n", {{"+X-A"}, {}}},
      {"OversignHeaders Received,From,From,RETURN-PATH\n", {{}, {"From"}}},
      {"OversignHeaders Received\n", {{}, {"From"}}},
  };
  for (const auto& [line, expected] : cases) {
    const auto found = plan("Mode v\n" + line);
    EXPECT_EQ(found.settings.signed_headers, expected.first) << line;
    EXPECT_EQ(found.settings.oversigned_headers, expected.second) << line;
  }
}

TEST_F(ImportPlanTest, FieldsThatEachHopAddsAreLeftOutAndReported) {
  const auto found = plan("Mode v\nSignHeaders From,Received\nOversignHeaders Return-Path\n");
  EXPECT_TRUE(says(found, Kind::signed_otherwise, "SignHeaders: Received: each hop adds"));
  EXPECT_TRUE(says(found, Kind::signed_otherwise, "OversignHeaders: Return-Path: each hop adds"));
}

// dkimsignd refuses a rule that never applies, and a pattern that no address matches.
TEST_F(ImportPlanTest, WritesNoRuleThatCannotMatch) {
  sources_.files["/k"] = a_key();
  const auto senders = [&](const std::string& conf) {
    text(conf);
    Texts out;
    for (const auto& rule : settings_.rules)
      out.push_back(rule.sender);
    return out;
  };
  sources_.files["/t"] = "*@*.a.example k\n*@x.a.example j\n*a@b.example j\n*ba@b.example k\n*@b.example k\n";
  EXPECT_EQ(senders("KeyTable csl:k=a.example:s:/k,j=b.example:s:/k\nSigningTable refile:/t\n"),
            (Texts{"*a@b.example", "*@b.example", "*@a.example"}));
  EXPECT_EQ(senders("KeyTable csl:k=a.example:s:/k\nSigningTable csl:me@a.example=k\n"
                    "ExemptDomains a.example,b.example,A.example\n"),
            (Texts{"*@a.example", "*@b.example"}));
  sources_.files["/t"] = "@a.example k\nx@y@a.example k\n*@.a.example k\n*@a.example. k\n*@a..example k\n";
  const auto found = plan("KeyTable csl:k=a.example:s:/k\nSigningTable refile:/t\n");
  EXPECT_TRUE(found.rules.empty());
  EXPECT_TRUE(
      says(found, Kind::note, "@a.example matches no address there: there is nothing in front of the @"));
}

TEST_F(ImportPlanTest, NoRuleHasAMissingKey) {
  sources_.files["/k"] = a_key();
  const auto found = plan(
      "KeyTable csl:k=a.example:s:/k,gone=b.example:t:/gone,part=a.example:u:/gone\n"
      "SigningTable csl:a.example=k,me@a.example=part,x.a.example=gone,c.example=gone\n");
  Texts rules;
  for (const auto& rule : found.rules)
    rules.push_back(rule.pattern.text() + (rule.domain ? " " + rule.domain->str() : ""));
  EXPECT_EQ(rules, (Texts{"me@a.example", "*@x.a.example"}));
  EXPECT_TRUE(says(found, Kind::unsigned_mail, "key t of b.example: /gone does not exist"));
  EXPECT_TRUE(says(found, Kind::unsigned_mail, "key u of a.example: /gone does not exist"));
}

TEST_F(ImportPlanTest, RefusesDomainsOfOneLabelAndSelectorsWithDomainkey) {
  sources_.files["/k"] = a_key();
  const auto found =
      plan("KeyTable csl:a=lan:s:/k,b=a.example:s._domainkey:/k\nSigningTable csl:lan=a,a.example=b\n");
  EXPECT_TRUE(found.keys.empty());
  EXPECT_TRUE(says(found, Kind::unsigned_mail, "the domain lan is a name of one label"));
  EXPECT_TRUE(says(found, Kind::unsigned_mail, "is the name of a record"));
}

TEST_F(ImportPlanTest, ReportsEveryLoss) {
  const std::map<std::string, std::pair<Kind, std::string>> cases{
      {"BodyLengthDB file:/x\n", {Kind::signed_otherwise, "never writes l="}},
      {"DontSignMailTo /x\n", {Kind::signed_otherwise, "recipients"}},
      {"SenderHeaders Sender,From\n", {Kind::signed_otherwise, "From:"}},
      {"SetupPolicyScript /x.lua\n", {Kind::unsigned_mail, "scripts"}},
      {"On-InternalError quarantine\n", {Kind::not_taken, "deferred"}},
      {"Canonicalization loose\n", {Kind::signed_otherwise, "loose is not a canonicalization"}},
      {"SignatureTTL 60\n", {Kind::signed_otherwise, "300 are used"}},
      {"SignatureTTL soon\n", {Kind::signed_otherwise, "not a number"}},
      {"InternalHosts dsn:mysql://h/d\n", {Kind::unsigned_mail, "SQL"}},
      {"NoSuchSetting 1\n", {Kind::not_taken, "no such setting"}},
      {"MacroList {daemon_name}=x\n", {Kind::note, "names no macro"}},
      {"MacroList 7\n", {Kind::note, "names no macro"}},
      {"On-BadSignature reject\n", {Kind::note, "On-BadSignature"}},
      {"UserID opendkim\n", {Kind::note, "service manager"}},
      {"Syslog yes\nSyslog no\n", {Kind::note, "again further down"}},
  };
  for (const auto& [line, expected] : cases)
    EXPECT_TRUE(says(plan("Mode v\n" + line), expected.first, expected.second)) << line;
  EXPECT_TRUE(losses(plan("Mode v\nFixCRLF no\nRemoveOldSignatures false\n").remarks).empty());
}

// If a setting names a key file by mistake, the file's lines are not shown as hosts, names or settings.
TEST_F(ImportPlanTest, AKeyFileIsNotReadAsWords) {
  sources_.files["/k"] = a_key();
  sources_.files["/bare"] = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=\n";
  for (const std::string file : {"/k", "/bare"}) {
    const auto found = plan("Domain " + file + "\nSelector s\nKeyFile /k\nInternalHosts " + file +
                            "\nInclude " + file + "\nSignHeaders " + file + "\n");
    EXPECT_EQ(losses(found.remarks).size(), 4U) << file;
    for (const auto& remark : found.remarks)
      EXPECT_NE(remark.text.find("is a private key"), std::string::npos) << remark.text;
  }
  EXPECT_THROW(plan(a_key()), crypto::StoreError);
}

TEST_F(ImportPlanTest, TheKeyDecidesTheAlgorithm) {
  sources_.files["/k"] = a_key();
  const std::string conf = "Domain a.example\nSelector s\nKeyFile /k\n";
  EXPECT_TRUE(says(plan(conf + "SignatureAlgorithm rsa-sha256\n"), Kind::note, "goes by the key"));
  EXPECT_FALSE(says(plan(conf + "SignatureAlgorithm ed25519-sha256\n"), Kind::note, "goes by the key"));
}

TEST(ImportRuleCheck, WhatIsLeftIsAcceptedTogether) {
  const auto domain = *canon::DomainName::parse("a.example");
  const auto rule = [&](const std::string& glob) {
    return PlannedRule{patterns_of_glob(glob).at(0), domain, {}};
  };
  ImportPlan plan;
  // The second is refused alone, the fourth and the last because of the third.
  plan.rules = {rule("b@a.example"), rule("*@*\xc3\xa4.example"), rule("*@a.example"),
                rule("c@a.example"), rule("*@b.example"),         rule("d@a.example")};
  plan.also_sign = plan.rules;
  const auto checked = without_refused_rules(plan);
  EXPECT_EQ(checked.rules, (std::vector{rule("b@a.example"), rule("*@a.example"), rule("*@b.example")}));
  EXPECT_EQ(checked.also_sign.size(), 5U) << "each of these applies, whatever stands before it";
  EXPECT_EQ(checked.remarks.size(), 4U);
  const auto file = crypto::SettingsFile::parse(conf_text(checked, std::nullopt), "written");
  auto root = file.root();
  EXPECT_EQ(crypto::read_signing_settings(root).rules.size(), 3U);
}

}  // namespace
}  // namespace dkim::keytool::opendkim
