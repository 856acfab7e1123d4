// Tests the import from amavisd: the reader of Perl, and the choice of keys.
#include <gtest/gtest.h>

#include <algorithm>

#include "keytool/opendkim/amavis_conf.hpp"
#include "keytool/opendkim/amavis_plan.hpp"
#include "keytool/opendkim/conf_text.hpp"
#include "keytool/opendkim/perl_words.hpp"
#include "tests/keytool/import_plan_fixture.hpp"

namespace dkim::keytool::opendkim {
namespace {

using Texts = std::vector<std::string>;
using Kind = Remark::Kind;

class ImportAmavisTest : public ::testing::Test {
 protected:
  ImportAmavisTest() {
    for (const auto* path : {"/1", "/2", "/3"}) {
      const auto pem = crypto::PrivateKey::generate_ed25519().to_pem();
      sources_.files[path] = {pem.begin(), pem.end()};
    }
  }

  ImportPlan plan(const std::string& text) {
    sources_.files["/c"] = text;
    return plan_amavis_import("/c", sources_, [](const auto&) { return std::vector<canon::Selector>{}; });
  }

  Texts keys(const std::string& text) {
    Texts out;
    for (const auto& [name, key] : plan(text).keys)
      out.push_back(name.selector.str() + " " + name.domain.str() + " " + key.source);
    return out;
  }

  Texts rules(const std::string& text) {
    Texts out;
    for (const auto& rule : plan(text).rules) {
      std::string line = rule.pattern.text() + " " + (rule.domain ? rule.domain->str() : "-");
      for (const auto& selector : rule.selectors)
        line += " " + selector.str();
      out.push_back(line);
    }
    return out;
  }

  bool says(const std::string& text, Kind kind, std::string_view words) {
    const auto found = plan(text).remarks;
    return std::any_of(found.begin(), found.end(), [&](const Remark& remark) {
      return remark.kind == kind && (remark.place + ": " + remark.text).find(words) != std::string::npos;
    });
  }

  // Whether nothing is said that asks a person to act.
  bool is_silent(const std::string& text) {
    const auto found = plan(text).remarks;
    return std::none_of(found.begin(), found.end(), is_loss);
  }

  test::TextSources sources_;
};

const std::string on = "$enable_dkim_signing = 1;\n";

TEST_F(ImportAmavisTest, CallsAreReadHoweverTheyAreWritten) {
  for (const auto* call : {
           "dkim_key('a.example', 's', '/1');",
           "dkim_key(\"a.example\", \"s\", \"/1\");",
           "dkim_key 'a.example', 's', '/1';",
           "dkim_key(\n   'a.example',  # the domain\n   's',\n   '/1'\n   );",
           "dkim_key(q(a.example), q{s}, qq'/1');",
           "dkim_key ( 'a.example' => 's' => '/1', );",
           "$mydomain = 'a.example'; $dir = \"\"; dkim_key($mydomain, 's', \"$dir/1\");",
           "my $d = 'a'; our $k = '1'; dkim_key(\"${d}.example\", 's', '/' . $k);",
           "dkim_key(lc('A.Example'), 's', '/1', t=>'s', s=>'email', h=>'sha256', n => '');",
           "=pod\n\ndkim_key('no', 'no', '/no');\n\n=cut\n\ndkim_key('a.example', 's', '/1')",
           "@x = (qr'^\\.(it|''s)$'i, qr/\\bOK$/, m{a{1,2}'}, s/'/\"/g, 'x' =~ "
           "/'/);\ndkim_key('a.example','s','/1');",
           "$x = <<\"EOT\" . <<'X';\n'\nEOT\n\"\nX\ndkim_key('a.example', 's', '/1');",
           "%h = (s => 1, y => 2, q => 3, 'm' => $x{s} / $x{y}); $n = 6 / 2; # '\ndkim_key('a.example', 's', "
           "'/1');",
           "$MAX = 500*1024*1024; $defang{CC_BADH.\",3\"} = 1; @l = qw(a 'b);\ndkim_key('a.example', 's', "
           "'/1');\n__END__\n'",
       })
    EXPECT_EQ(keys(on + call), Texts{"s a.example /1"}) << call;
}

TEST_F(ImportAmavisTest, WhatIsNotUnderstoodNamesItsLine) {
  for (const auto* call : {
           "dkim_key(qr/example/, 's', '/1');",
           "dkim_key($unknown, 's', '/1');",
           "dkim_key(\"$unknown\", 's', '/1');",
           "dkim_key(\"a@example\", 's', '/1');",
           "dkim_key('a.example', 's', \"/1$unknown\");",
           "dkim_key($h{a}, 's', '/1');",
           "dkim_key('a.example', 's', -r '/1' ? '/1' : '/2');",
           "dkim_key('a.example', 's', '/1') if -r '/1';",
           "dkim_key('a.example', 's', '/1', t => f());",
           "dkim_key('a.example', 's');",
           "dkim_key(@all);",
           "foreach my $d ('a', 'b') { dkim_key('a.example', 's', '/1'); }",
           "if ($x) {\n\ndkim_key('a.example', 's', '/1'); }",
           "sub f { dkim_key(@_) }",
           "&dkim_key('a.example', 's', '/1');",
           "$x = 'an open quote;\ndkim_key('a.example', 's', \"/1\");",
       }) {
    EXPECT_EQ(keys(on + call), Texts{}) << call;
    EXPECT_TRUE(says(on + call, Kind::unsigned_mail, "/c:2: ") ||
                says(on + call, Kind::unsigned_mail, "/c:4: ") ||
                says(on + call, Kind::unsigned_mail, "/c:3: "))
        << call;
  }
  // Others are read all the same.
  EXPECT_EQ(keys(on + "dkim_key(f());\n{ dkim_key(1,2,3); }\nif (1) { $x = 1 } else { $y "
                      "}\ndkim_key('a.example','s','/1');"),
            Texts{"s a.example /1"});
}

TEST_F(ImportAmavisTest, AVariableThatIsSetOtherwiseIsUnknown) {
  for (const auto* change :
       {"chomp($d = `cat /etc/mailname`);", "$d .= 'x';", "if (1) { $d = 'b'; }", "$d = f();"})
    EXPECT_TRUE(says(on + "$d = 'a.example';\n" + change + "\ndkim_key($d, 's', '/1');", Kind::unsigned_mail,
                     "/c:4: dkim_key: a variable"))
        << change;
}

TEST_F(ImportAmavisTest, VariablesThatMultiplyAreNotFollowed) {
  std::string text = "$a = 'abcdefghijklmnop';\n";
  for (int i = 0; i < 6; ++i)
    text += "$b = \"$a$a$a$a\";\n$a = $b . $b . $b . $b;\n";
  EXPECT_TRUE(says(text + "dkim_key('a.example', $a, '/1');\n", Kind::unsigned_mail,
                   "/c:14: dkim_key: a variable whose value is not known here"));
  // What stands behind it needs none of them.
  EXPECT_EQ(keys(text + "dkim_key('a.example', $a, '/1');\ndkim_key('b.example', 's', '/2');\n"),
            Texts{"s b.example /2"});
}

TEST_F(ImportAmavisTest, OneKeySignsForEachDomain) {
  const std::string two =
      on + "dkim_key('a.example', 'first', '/1'); dkim_key('a.example', 'second', '/2');\n";
  EXPECT_EQ(keys(two), Texts{"first a.example /1"});
  EXPECT_TRUE(says(two, Kind::note, "key second of a.example does not sign"));
  EXPECT_FALSE(plan(two).subdomains.begin()->second.sign) << "the author's very domain counts";
  // Keys whose record allows no such signature are passed over.
  EXPECT_EQ(
      keys(on + "dkim_key('a.example', 'f', '/1', h=>'sha1'); dkim_key('a.example', 'g', '/2', s=>'tlsrpt');"
                "dkim_key('a.example', 'h', '/3', s=>'email', h=>'sha256:sha1');"),
      Texts{"h a.example /3"});
}

TEST_F(ImportAmavisTest, OptionsBySenderChooseKeys) {
  const std::string keys_of_two =
      on +
      "dkim_key('a.example', 'first', '/1'); dkim_key('a.example', 'second', '/2');\n"
      "dkim_key('b.example', 'b', '/3');\n";
  EXPECT_EQ(rules(keys_of_two + R"(@dkim_signature_options_bysender_maps = ( {
      'Boss@a.example' => { s => 'SECOND' },
      'guest.example'  => { d => "a.example" },
      '.b.example'     => { d => 'b.example' },
      'x.b.example'    => { d => 'nokey.example' },
      '.' => { c => 'relaxed/simple', ttl => 21*24*3600 } } );)"),
            (Texts{"*@guest.example a.example", "*@x.b.example -"}))
      << "amavisd looks for senders in lower case only";
  EXPECT_EQ(rules(keys_of_two +
                  "@dkim_signature_options_bysender_maps = ({ 'boss@a.example' => { s => 'second' } });"),
            (Texts{"boss@a.example a.example second", "*@a.example a.example first"}));
  EXPECT_EQ(rules(keys_of_two + "@dkim_signature_options_bysender_maps = ({ '.' => { d => 'b.example' } });"),
            (Texts{"*@a.example b.example", "*@b.example b.example", "* b.example"}));
  // In each table the more precise entry comes first, and all of the first table before the second.
  EXPECT_EQ(
      rules(keys_of_two + "@dkim_signature_options_bysender_maps = ({ '.example' => { d => 'b.example' } },"
                          " { 'a.example' => { d => 'a.example', s => 'second' } });"),
      (Texts{"*@a.example -", "*@b.example b.example", "*@example b.example", "*@*.example b.example"}))
      << "the domain of the first table has no key of the second one's selector";
}

TEST_F(ImportAmavisTest, PushAddsToTheOptions) {
  const std::string text =
      on +
      "dkim_key('a.example', 'a', '/1');\n@dkim_signature_options_bysender_maps = ({ 'x.example' =>"
      " { d => 'a.example' } });\npush @dkim_signature_options_bysender_maps, {\n"
      "  'y.example' => { d => 'a.example' },\n};\n"
      "push(@dkim_signature_options_bysender_maps, { 'z.example' => { d => 'a.example' } });\n";
  EXPECT_EQ(rules(text), (Texts{"*@x.example a.example", "*@y.example a.example", "*@z.example a.example"}));
  EXPECT_TRUE(is_silent(text));
}

TEST_F(ImportAmavisTest, AnEntryThatIsNotUnderstoodLosesNoOther) {
  const std::string text = on +
                           "dkim_key('a.example', 'a', '/1');\n"
                           "@dkim_signature_options_bysender_maps = (\n"
                           "  q_sql_s(['d']),\n"
                           "  \\%other,\n"
                           "  { $x => { d => 'no' },\n"
                           "    'x.example' => { d => f() },\n"
                           "    'u.example' => undef,\n"
                           "    'y.example' => { d => 'a.example' } } );\n";
  EXPECT_EQ(rules(text), Texts{"*@y.example a.example"});
  for (const auto* line : {"/c:4: ", "/c:5: ", "/c:6: ", "/c:7: ", "/c:8: "})
    EXPECT_TRUE(says(text, Kind::signed_otherwise, line)) << line;
}

TEST_F(ImportAmavisTest, SettingsAreTaken) {
  const auto made =
      plan(on + R"(dkim_key('a.example', 'a', '/1', t=>'s:y', h=>'sha256', s=>'email', n=>'testing; 1');
      @mynetworks = qw( 127.0.0.0/8 [::1] [FE80::]/10 192.168.0.0/16 );
      $signed_header_fields{'received'} = 0;
      $signed_header_fields{lc('X-Mailer')} = 1; $signed_header_fields{sender} = 0;
      @dkim_signature_options_bysender_maps = (
      { '.' => { ttl => 21*24*3600, c => 'relaxed/simple' } } );)");
  EXPECT_EQ(made.settings.trusted_networks, (Texts{"::1", "127.0.0.0/8", "192.168.0.0/16", "fe80::/10"}));
  EXPECT_EQ(made.settings.canonicalization,
            (canon::CanonicalizationPair{canon::Canonicalization::relaxed, canon::Canonicalization::simple}));
  EXPECT_EQ(made.settings.expiration.count(), 21 * 24 * 3600);
  EXPECT_EQ(made.settings.signed_headers, (Texts{"+x-mailer", "-sender"}));
  const auto record = made.records.at(made.keys.begin()->first.domain);
  EXPECT_EQ(record, (crypto::RecordFlags{true, true, true, "sha256", "testing; 1"}));
  EXPECT_TRUE(std::none_of(made.remarks.begin(), made.remarks.end(), is_loss));
  EXPECT_TRUE(
      conf_text(made, {}).starts_with("# Written by dkimkey import from a configuration of amavisd;"));
}

TEST_F(ImportAmavisTest, SaysWhatDiffers) {
  const std::string key = on + "dkim_key('a.example', 'a', '/1');\n";
  const auto options = [&](const std::string& text) {
    return key + "@dkim_signature_options_bysender_maps = ({ '.' => { " + text + " } });";
  };
  EXPECT_TRUE(says(key + "$originating = 1;", Kind::unsigned_mail, "/c:3: $originating"));
  EXPECT_TRUE(says(key + "@mynetworks = read_array('/x');", Kind::unsigned_mail, "/c:3: @mynetworks"));
  EXPECT_TRUE(says(key + "$dkim_signing_service = 'x';", Kind::unsigned_mail, "$dkim_signing_service"));
  EXPECT_TRUE(says(key, Kind::note, "@mynetworks is not set"));
  EXPECT_TRUE(says(options("i => '@x'"), Kind::signed_otherwise, "/c:3: i: dkimsignd writes no i="));
  EXPECT_TRUE(says(options("a => 'rsa-sha1'"), Kind::note, "rsa-sha1"));
  EXPECT_TRUE(says(options("c => 'odd'"), Kind::signed_otherwise, "canonicalization"));
  EXPECT_TRUE(says(options("ttl => 60"), Kind::signed_otherwise, "300 are used"));
  EXPECT_TRUE(says(options("ttl => 9*99999999999"), Kind::signed_otherwise, "ttl"));
  EXPECT_TRUE(says(options("q => 'dns'"), Kind::signed_otherwise, "no counterpart"));
  EXPECT_TRUE(says(key + "@dkim_signature_options_bysender_maps = ({ 'user@' => { d => 'x' } });",
                   Kind::signed_otherwise, "the options of user@ are not taken"));
  EXPECT_TRUE(says(key + "$policy_bank{'X'} = { dkim_signature_options_bysender_maps => [] };",
                   Kind::signed_otherwise, "/c:3: dkim_signature_options_bysender_maps stands"));
  EXPECT_TRUE(
      says(on + "dkim_key('*.a.example', 'a', '/1');", Kind::unsigned_mail, "needs to know the domains"));
  EXPECT_TRUE(says("dkim_key('a.example', 'a', '/1');", Kind::note, "$enable_dkim_signing is not set"));
  EXPECT_TRUE(says(key + "$signed_header_fields{'received'} = 1;", Kind::signed_otherwise, "each hop"));
  EXPECT_EQ(keys("$enable_dkim_signing = 0;\ndkim_key('a.example', 'a', '/1');"), Texts{});
}

TEST_F(ImportAmavisTest, OtherCanonicalizationsOfSomeSendersAreNamed) {
  const std::string text =
      on +
      "dkim_key('a.example', 'a', '/1'); dkim_key('b.example', 'b', '/2');\n"
      "@dkim_signature_options_bysender_maps = ({ 'x@a.example' => { c => 'simple/simple' },\n"
      "'.' => { c => 'relaxed/relaxed' } });\n";
  EXPECT_TRUE(says(text, Kind::signed_otherwise, "/c:3: c => simple/simple: dkimsignd has one value"));
  EXPECT_EQ(to_string(*plan(text).settings.canonicalization), "relaxed/relaxed");
}

TEST_F(ImportAmavisTest, IncludedFilesAndDirectoriesAreRead) {
  sources_.files["/etc/amavisd/60-dkim"] = "dkim_key('a.example', 's', '/1');\n$d = 'b.example';\n1;\n";
  EXPECT_EQ(keys(on + "include_config_files('/etc/amavisd/60-dkim');\ndkim_key($d, 's', '/2');\n"),
            (Texts{"s a.example /1", "s b.example /2"}));
  EXPECT_TRUE(says("include_config_files('/none');", Kind::unsigned_mail, "/c:1: the file that is included"));
  sources_.files["/loop"] = "include_config_files('/loop');";
  EXPECT_TRUE(says("do '/loop';", Kind::unsigned_mail, "deeper than"));
  sources_.files["/etc/amavis/conf.d/50-user"] = on + "dkim_key('u.example', 's', \"$HOME/1\");";
  sources_.files["/etc/amavis/conf.d/50-user.dpkg-old"] = "dkim_key('old.example', 's', '/1');";
  sources_.files["/usr/share/amavis/conf.d/20-package"] = "$HOME = '';\n";
  const auto made = plan_amavis_import("/etc/amavis/conf.d", sources_,
                                       [](const auto&) { return std::vector<canon::Selector>{}; });
  ASSERT_EQ(made.keys.size(), 1U);
  EXPECT_EQ(made.keys.begin()->first.domain.str(), "u.example");
  EXPECT_EQ(usual_amavis_conf(sources_), "/etc/amavis/conf.d");
}

TEST(ImportPerlWords, EndWhateverTheBytes) {
  for (const std::string text :
       {"'",   "\"",   "q(",   "qw", "s",  "s{",  "s{}", "y/a",       "$",   "${", "${a", "@",   "%",   "<<",
        "<<E", "<<\"", "=pod", "/",  "$#", "$#{", "`",   "__END__ '", "q\n", "\\", "&&",  "a::", "1..2"}) {
    PerlWords words(text);
    std::size_t count = 0;
    while (words.next().kind != PerlWord::Kind::end)
      ASSERT_LT(++count, 20U) << text;
  }
}

}  // namespace
}  // namespace dkim::keytool::opendkim
