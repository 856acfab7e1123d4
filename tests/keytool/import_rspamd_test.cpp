// Tests the import from rspamd's configuration: the reader of UCL, and the choice of keys.
#include <gtest/gtest.h>

#include <algorithm>

#include "keytool/opendkim/conf_text.hpp"
#include "keytool/opendkim/rspamd_conf.hpp"
#include "keytool/opendkim/rspamd_plan.hpp"
#include "keytool/opendkim/ucl_text.hpp"
#include "tests/keytool/import_plan_fixture.hpp"

namespace dkim::keytool::opendkim {
namespace {

using Texts = std::vector<std::string>;
using Kind = Remark::Kind;

std::string shown(const UclValue& value) {
  std::string out;
  switch (value.kind) {
    case UclValue::Kind::text:
      return value.text;
    case UclValue::Kind::list:
      for (const auto& item : value.items)
        out += (out.empty() ? "" : ",") + shown(item);
      return "[" + out + "]";
    case UclValue::Kind::section:
      break;
  }
  for (const auto& [name, values] : value.members) {
    for (const auto& one : values)
      out += name + "=" + shown(one) + ";";
  }
  return "{" + out + "}";
}

std::string parsed(const std::string& text) {
  const UclContext context{{{"DBDIR", "/db"}}, [](const auto& path, const auto& place) {
                             return UclFile{{UclValue::Kind::section,
                                             {},
                                             {},
                                             {{"included", {{UclValue::Kind::text, path, {}, {}, place}}}},
                                             {}},
                                            {}};
                           }};
  return shown(parse_ucl(text, "f", context).root);
}

TEST(ImportUcl, ReadsWhatPeopleWrite) {
  for (const auto& [text, expected] : std::vector<std::pair<std::string, std::string>>{
           {"a = b", "{a=b;}"},
           {"a: b; c d\n", "{a=b;c=d;}"},
           {"a = \"x y\" # z\nb = 'it\\'s \\n'", "{a=x y;b=it's \\n;}"},
           {"a = \"q\\\"u\\u0041\\t\\\\\"", "{a=q\"uA\t\\;}"},
           {"a = bare word value # comment\nb = 10k;", "{a=bare word value;b=10k;}"},
           {"a { b = c; d { } }", "{a={b=c;d={};};}"},
           {"a { b = 1 } a { c = 2 }", "{a={b=1;c=2;};}"},
           {"a = 1; a = 2", "{a=1;a=2;}"},
           {"a b.example { c = d }\n\"x y\" \"z\" { }", "{a={b.example={c=d;};};x y={z={};};}"},
           {"a [ b, \"c\" ; { d = e } ]", "{a=[b,c,{d=e;}];}"},
           {"/* x /* y */ z */ a = /p/q;", "{a=/p/q;}"},
           {"a = \"$DBDIR/${DBDIR}/$x.$domain\"; b = '$DBDIR'", "{a=/db//db/$x.$domain;b=$DBDIR;}"},
           {"a = <<EOD\n one\ntwo\nEOD\nb = c", "{a= one\ntwo;b=c;}"},
           {"{ \"a\": { \"b\": [\"c\", 1, true] }, \"d\": \"e\" }", "{a={b=[c,1,true];};d=e;}"},
           {"*** Section x ***\na = b;\n*** End of section x ***\n", "{a=b;}"},
           {".include \"/x\"\n.include(try=true,priority=1) '/y'", "{included=/x;included=/y;}"},
       })
    EXPECT_EQ(parsed(text), expected) << text;
}

TEST(ImportUcl, FilesThatIncludeEachOtherShareOneLimit) {
  UclContext context;
  std::string many;
  for (int i = 0; i < 900'000; ++i)
    many += "a=;";
  context.include = [&](const std::string&, const std::string&) { return parse_ucl(many, "many", context); };
  const auto file = parse_ucl(".include '/1'\n.include '/2'\n.include '/3'\n.include '/4'\n", "f", context);
  EXPECT_LE(file.root.all("a").size(), 2'000'000U);
  EXPECT_TRUE(std::any_of(file.remarks.begin(), file.remarks.end(), [](const Remark& remark) {
    return remark.text.find("more settings than any configuration has") != std::string::npos;
  }));
}

TEST(ImportUcl, GoesOnAfterAMistake) {
  const UclContext context{{}, [](const auto&, const auto&) { return UclFile{}; }};
  for (const std::string text : {"{% if x %}\na = b", "%%\na = b", "x = {= env.X =};\na = b", "}\na = b",
                                 ".lua \"x\"\na = b", "] ) (\na = b"}) {
    const auto file = parse_ucl(text, "f", context);
    ASSERT_FALSE(file.remarks.empty()) << text;
    EXPECT_EQ(file.remarks[0].place, "f:1") << text;
    ASSERT_NE(file.root.find("a"), nullptr) << text;
    EXPECT_EQ(file.root.find("a")->text, "b") << text;
  }
  for (const std::string text :
       {"a {", "a [", "a = \"", "a = '", "a = \"\\", "/*", "a = <<E\nx", "a", "a =", "\"", "a = [ {", "."})
    EXPECT_NO_THROW(parse_ucl(text, "f", context)) << text;
  EXPECT_FALSE(parse_ucl(std::string(100'000, '['), "f", context).remarks.empty());
  std::string deep;
  for (int i = 0; i < 100'000; ++i)
    deep += "a ";
  EXPECT_NO_THROW(parse_ucl(deep + "{", "f", context));
}

class ImportRspamdTest : public ::testing::Test {
 protected:
  ImportRspamdTest() {
    for (const auto* path : {"/1", "/2", "/3"}) {
      const auto pem = crypto::PrivateKey::generate_ed25519().to_pem();
      sources_.files[path] = {pem.begin(), pem.end()};
    }
  }

  void put_key(const std::string& path) { sources_.files[path] = sources_.files["/1"]; }

  ImportPlan plan() {
    return plan_rspamd_import("/r", sources_, [](const auto&) { return std::vector<canon::Selector>{}; });
  }
  ImportPlan plan(const std::string& text) {
    sources_.files["/r/local.d/dkim_signing.conf"] = text;
    return plan();
  }

  static Texts keys_of(const ImportPlan& made) {
    Texts out;
    for (const auto& [name, key] : made.keys)
      out.push_back(name.selector.str() + " " + name.domain.str() + " " + key.source);
    return out;
  }
  Texts keys(const std::string& text) { return keys_of(plan(text)); }

  static bool has(const ImportPlan& made, Kind kind, std::string_view words) {
    return std::any_of(made.remarks.begin(), made.remarks.end(), [&](const Remark& remark) {
      return remark.kind == kind && (remark.place + ": " + remark.text).find(words) != std::string::npos;
    });
  }
  bool says(const std::string& text, Kind kind, std::string_view words) {
    return has(plan(text), kind, words);
  }

  static Texts rules_of(const ImportPlan& made) {
    Texts out;
    for (const auto& rule : made.rules)
      out.push_back(rule.pattern.text() + " " + (rule.domain ? rule.domain->str() : "-"));
    return out;
  }

  test::TextSources sources_;
};

const std::string block = R"(domain {
  # mine
  a.example { selectors [ { path = "/1"; selector = "s1"; }, { path = "/2"; selector = "s2" } ] }
  b.example { path = "/3"; selector = "s3"; }
})";

TEST_F(ImportRspamdTest, SectionsOfDomains) {
  const auto made = plan(block);
  EXPECT_EQ(keys_of(made), (Texts{"s1 a.example /1", "s2 a.example /2", "s3 b.example /3"}));
  EXPECT_TRUE(made.rules.empty());
  for (const auto& [domain, subdomains] : made.subdomains)
    EXPECT_TRUE(subdomains.sign) << "use_esld is on";
  EXPECT_TRUE(std::none_of(made.remarks.begin(), made.remarks.end(), is_loss));
  EXPECT_EQ(made.settings.logins, DaemonSettings::Logins::own_domain);
  EXPECT_NE(conf_text(made, {}).find("logins = \"domain\";"), std::string::npos);
}

TEST_F(ImportRspamdTest, WithoutEsldOnlyTheVeryDomainSigns) {
  const auto made = plan("use_esld = false;\nallow_username_mismatch = yes\n" + block);
  for (const auto& [domain, subdomains] : made.subdomains)
    EXPECT_FALSE(subdomains.sign);
  EXPECT_EQ(made.settings.logins, DaemonSettings::Logins::any);
  EXPECT_TRUE(has(plan("domain { a.example { path=/1; selector=s } x.a.example { path=/2; selector=s } }"),
                  Kind::note, "rspamd never uses the keys of x.a.example"));
  EXPECT_EQ(keys("use_esld = false; domain { a.example { path=/1; selector=s } x.a.example { path=/2; "
                 "selector=s } }"),
            (Texts{"s a.example /1", "s x.a.example /2"}));
}

TEST_F(ImportRspamdTest, MapsCompleteWhatSectionsLeaveOut) {
  sources_.files["/r/local.d/paths.map"] = "# all\nm.example /1\nn.example\t\"/2\"\n";
  sources_.files["/sel"] = "m.example m1\no.example o1\n";
  put_key("/var/lib/rspamd/dkim/o.example.o1.key");
  const std::string text =
      "path_map = \"$LOCAL_CONFDIR/local.d/paths.map\";\nselector_map = \"file:///sel\";\nselector = def;\n"
      "domain { p.example { path = /3 } }";
  EXPECT_EQ(keys(text), (Texts{"m1 m.example /1", "def n.example /2",
                               "o1 o.example /var/lib/rspamd/dkim/o.example.o1.key", "def p.example /3"}));
  EXPECT_EQ(keys("selector_map = [ \"m.example x\" ]; path = \"/1\";"), Texts{"x m.example /1"});
  EXPECT_TRUE(says("path_map = \"https://x/y\";", Kind::unsigned_mail,
                   "local.d/dkim_signing.conf:1: path_map: a map that is not in a file"));
  EXPECT_TRUE(says("path_map = \"/none\";", Kind::unsigned_mail, "/none does not exist"));
  sources_.files["/secret"] = "root:$6$hash:1:2\nme:x:3\n";
  const auto made = plan("path_map = \"/secret\";");
  EXPECT_TRUE(has(made, Kind::unsigned_mail, "none of its lines is a domain"));
  EXPECT_FALSE(has(made, Kind::unsigned_mail, "hash"));
}

TEST_F(ImportRspamdTest, FilesAtTheDefaultPathAreFound) {
  put_key("/var/lib/rspamd/dkim/a.example.dkim.key");
  put_key("/var/lib/rspamd/dkim/b.example.other.key");
  put_key("/var/lib/rspamd/dkim/dkim.key");
  put_key("/keys/c.example/mail.private");
  EXPECT_EQ(keys(""), Texts{"dkim a.example /var/lib/rspamd/dkim/a.example.dkim.key"});
  EXPECT_EQ(keys("selector = other"), Texts{"other b.example /var/lib/rspamd/dkim/b.example.other.key"});
  EXPECT_EQ(keys("path = \"/keys/${domain}/$selector.private\"; selector = mail"),
            Texts{"mail c.example /keys/c.example/mail.private"});
  EXPECT_EQ(keys("try_fallback = false"), Texts{});
  EXPECT_TRUE(says("path = \"/1\"", Kind::unsigned_mail, "needs to know the domains"));
  EXPECT_TRUE(says("path = \"/none/$domain\"", Kind::note, "local_addrs")) << "an empty directory is no loss";
}

TEST_F(ImportRspamdTest, APathThatOutgrowsAllPathsIsNotFinished) {
  std::string path = "/";
  std::string percents = "/";
  for (int i = 0; i < 10'000; ++i) {
    path += "$domain";
    percents += "%";
  }
  const std::string domain = std::string(60, 'd') + ".example";
  for (const auto& text :
       {"domain { " + domain + " { selector = s; path = \"" + path + "\"; } }\n",
        "signing_table = [\"*@" + domain + " k\"];\nkey_table = [\"k %:s:" + percents + "\"];\n"}) {
    const auto remarks = plan(text).remarks;
    std::size_t size = 0;
    for (const auto& remark : remarks)
      size += remark.text.size();
    EXPECT_LT(size, 10'000U);
    EXPECT_TRUE(std::any_of(remarks.begin(), remarks.end(), is_loss));
  }
}

TEST_F(ImportRspamdTest, OverrideReplacesWhatLocalSays) {
  sources_.files["/r/override.d/dkim_signing.conf"] =
      "domain { c.example { path = /3; selector = o } }\nuse_esld = false\n";
  const auto made = plan(block);
  EXPECT_EQ(keys_of(made), Texts{"o c.example /3"});
  EXPECT_FALSE(made.subdomains.begin()->second.sign);
  sources_.files["/r/override.d/dkim_signing.conf"] += "domain { d.example { path = /2; selector = o } }";
  EXPECT_TRUE(has(plan(), Kind::unsigned_mail, "stands more than once in override.d"));
}

TEST_F(ImportRspamdTest, OneFileMayBeNamed) {
  plan(block);
  const auto in_store = [](const auto&) { return std::vector<canon::Selector>{}; };
  EXPECT_EQ(plan_rspamd_import("/r/local.d/dkim_signing.conf", sources_, in_store).keys.size(), 3U);
  sources_.files["/dump.json"] =
      R"({ "dkim_signing": { "domain": { "j.example": { "selector": "s", "path": "/1" } } } })";
  EXPECT_EQ(keys_of(plan_rspamd_import("/dump.json", sources_, in_store)), Texts{"s j.example /1"});
  EXPECT_TRUE(says("enabled = yes; dkim_signing { domain { x.example { path=/1; selector=s } } }",
                   Kind::not_taken, "rspamd ignores this one"));
  EXPECT_TRUE(is_rspamd_conf("/r", sources_));
  EXPECT_TRUE(is_rspamd_conf("/dump.json", sources_));
  put_key("/folder/a.example.s.key");
  EXPECT_FALSE(is_rspamd_conf("/folder", sources_));
  EXPECT_FALSE(is_rspamd_conf("/none", sources_));
}

TEST_F(ImportRspamdTest, TablesInTheMannerOfOpendkim) {
  const std::string text = R"(
signing_table = [ "*@a.example a", "*@*.a.example a", "me@x.example %", "*@y.example y" ];
key_table = [ "a a.example:s:/1", "x.example %:t:/%/k", "y z.example:/3" ];
selector = def;
domain { ignored.example { path = /1; selector = s } })";
  put_key("/x.example/k");
  const auto made = plan(text);
  EXPECT_EQ(keys_of(made), (Texts{"s a.example /1", "t x.example /x.example/k", "def z.example /3"}));
  EXPECT_EQ(rules_of(made),
            (Texts{"me@x.example x.example", "*@y.example z.example", "*@x.example -", "*@z.example -"}));
  for (const auto& [table, words] : std::vector<std::pair<std::string, std::string>>{
           {"signing_table = [ \"*@a.example none\" ]", "key_table has no none"},
           {"signing_table = [ \"* %\" ]", "needs to know the domains"},
           {"signing_table = [ \"* o\" ]", "needs to know the domains"},
           {"signing_table = [ \"[ab]@x a\" ]", "not a pattern"},
       })
    EXPECT_TRUE(
        says(table + "; key_table = [ \"o %:s:/1\", \"a a.example:s:/1\" ]", Kind::unsigned_mail, words))
        << table;
  EXPECT_TRUE(says("signing_table = [ ]; key_table = [ \"o odd\" ]", Kind::unsigned_mail,
                   "neither DOMAIN:SELECTOR:KEY"));
}

TEST_F(ImportRspamdTest, WhoseMailIsSigned) {
  EXPECT_EQ(plan(block + "sign_local = false; sign_networks = [ \"10.0.0.0/8\", \"192.0.2.1\" ];")
                .settings.trusted_networks,
            (Texts{"10.0.0.0/8", "192.0.2.1"}));
  sources_.files["/nets"] = "10.1.0.0/16 # office\n";
  EXPECT_EQ(plan(block + "sign_local = no; sign_networks = /nets").settings.trusted_networks,
            Texts{"10.1.0.0/16"});
  sources_.files["/r/local.d/options.inc"] = "local_addrs = [ 10.2.0.0/16 ];";
  EXPECT_EQ(plan(block).settings.trusted_networks, (Texts{"::1", "10.2.0.0/16", "127.0.0.0/8", "fe80::/10"}));
  EXPECT_EQ(plan(block + "sign_authenticated = false").settings.sign_authenticated, false);
  EXPECT_EQ(plan(block + "sign_authenticated = false").settings.logins, DaemonSettings::Logins::any);
  EXPECT_EQ(keys(block + "enabled = false"), Texts{});
}

TEST_F(ImportRspamdTest, SaysWhatDiffers) {
  EXPECT_TRUE(says(block + "use_redis = true", Kind::unsigned_mail, "keys in Redis"));
  EXPECT_FALSE(says(block + "use_redis = false", Kind::unsigned_mail, "Redis"));
  EXPECT_TRUE(says(block + "sign_inbound = true", Kind::unsigned_mail, "sign_inbound"));
  EXPECT_TRUE(says(block + "use_domain = \"envelope\"", Kind::signed_otherwise, "use_domain = envelope"));
  EXPECT_TRUE(
      says(block + "use_domain_sign_local = \"auth\"", Kind::signed_otherwise, "use_domain_sign_local"));
  EXPECT_FALSE(
      says(block + "use_domain_sign_local = \"header\"", Kind::signed_otherwise, "use_domain_sign_local"));
  EXPECT_TRUE(says(block + "odd = 1", Kind::not_taken, "import does not know this setting"));
  EXPECT_TRUE(says(block + "selector = a; selector = b", Kind::signed_otherwise, "given more than once"));
  EXPECT_TRUE(says(block + "allow_envfrom_empty = false", Kind::signed_otherwise, "allow_envfrom_empty"));
  EXPECT_TRUE(says(block + "symbol = X", Kind::note, "symbol"));
  EXPECT_TRUE(says("domain { a.example { path = /1; selector = 2024 } }", Kind::signed_otherwise,
                   "selector 2024 is a number"));
  EXPECT_FALSE(
      says("domain { a.example { path = /1; selector = \"2024\" } }", Kind::signed_otherwise, "is a number"));
  EXPECT_TRUE(says("domain { A.example { path = /1 } }", Kind::note, "lower case"));
  EXPECT_TRUE(says("domain { a.example { selector = x; selector = y } }", Kind::unsigned_mail,
                   "more than one value"));
  EXPECT_TRUE(says("domain { a.example { path = /1; odd = 2 } }", Kind::not_taken, "odd in the section"));
  EXPECT_TRUE(says("domain { a.example = x }", Kind::unsigned_mail, "is not one section"));
}

TEST_F(ImportRspamdTest, AFileOfAnotherKindIsRefusedWithoutItsNames) {
  try {
    plan("root:$6$hash:1:\nuser:!:2:\n");
    FAIL() << "that is no configuration";
  } catch (const crypto::StoreError& error) {
    EXPECT_STREQ(error.what(),
                 "/r is not a configuration of rspamd's dkim_signing: it has none of its settings");
  }
  EXPECT_EQ(keys(""), Texts{}) << "an empty file means the defaults";
}

TEST_F(ImportRspamdTest, AllMailMayBeSignedAsOneDomain) {
  EXPECT_EQ(rules_of(plan(block + "use_domain = \"B.example\"")), Texts{"* b.example"});
  EXPECT_TRUE(says(block + "use_domain = \"none.example\"", Kind::unsigned_mail, "no key of none.example"));
}

}  // namespace
}  // namespace dkim::keytool::opendkim
