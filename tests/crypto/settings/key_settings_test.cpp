#include "crypto/settings/key_settings.hpp"

#include <gtest/gtest.h>

#include "crypto/error.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::crypto {
namespace {

using std::chrono::days;
using Method = PublishSettings::Method;

KeySettings read(std::string_view text) {
  const auto file = SettingsFile::parse(text, "x.conf");
  auto root = file.root();
  auto settings = read_key_settings(root);
  root.reject_unknown();
  return settings;
}

std::string refusal(std::string_view text) {
  return test::message_of<SettingsError>([&] { read(text); });
}

TEST(KeySettingsTest, DefaultsOfAnEmptyFile) {
  const auto settings = read("");
  EXPECT_EQ(settings.publish.method, Method::manual);
  EXPECT_EQ(settings.every, days(180));
  EXPECT_EQ(settings.drain, days(7));
  EXPECT_EQ(settings.forget, days(30));
}

TEST(KeySettingsTest, PublishForAllAndForOneDomain) {
  const auto settings = read(
      "publish = { method = \"update\"; server = \"192.0.2.1\"; key_file = \"/etc/tsig.key\"; };\n"
      "domains = ( { domain = \"Example.COM\"; publish = { method = \"hook\"; program = \"/bin/hook\"; }; } "
      ");\n");
  const auto& other = settings.publish_for(*canon::DomainName::parse("example.net"));
  EXPECT_EQ(other.method, Method::update);
  EXPECT_EQ(other.server, "192.0.2.1");
  EXPECT_EQ(other.key_file, "/etc/tsig.key");
  const auto& own = settings.publish_for(*canon::DomainName::parse("example.com"));
  EXPECT_EQ(own.method, Method::hook);
  EXPECT_EQ(own.program, "/bin/hook");
}

TEST(KeySettingsTest, PublishByLexicon) {
  const auto& least =
      read("publish = { method = \"lexicon\"; provider = \"hetzner\"; credentials = \"/etc/h.env\"; };")
          .publish;
  EXPECT_EQ(least.method, Method::lexicon);
  EXPECT_EQ(least.provider, "hetzner");
  EXPECT_EQ(least.credentials, "/etc/h.env");
  EXPECT_EQ(least.program, "/usr/bin/lexicon");
  EXPECT_FALSE(least.zone);
  EXPECT_EQ(least.form, PublishSettings::Form::automatic);
  const auto all =
      read(
          "publish = { method = \"lexicon\"; provider = \"linode4\"; credentials = \"/etc/h.env\"; zone = "
          "\"Example.COM\"; program = \"/opt/lexicon\"; form = \"strings\"; };")
          .publish;
  EXPECT_EQ(all.zone->str(), "example.com");
  EXPECT_EQ(all.program, "/opt/lexicon");
  EXPECT_EQ(all.form, PublishSettings::Form::strings);
}

TEST(KeySettingsTest, PatternOfSelectors) {
  const auto settings = read("rotation = { selector = \"k%year%\"; };");
  ASSERT_TRUE(settings.selector);
  EXPECT_TRUE(settings.selector->stem_of("k2026", "rsa"));
  EXPECT_FALSE(read("").selector);
}

TEST(KeySettingsTest, TimesInDays) {
  const auto settings = read("rotation = { every = 90; drain = 0; forget = 1; };");
  EXPECT_EQ(settings.every, days(90));
  EXPECT_EQ(settings.drain, days(0));
  EXPECT_EQ(settings.forget, days(1));
}

struct Mistake {
  const char* text;
  const char* what;
};

void PrintTo(const Mistake& mistake, std::ostream* out) {
  *out << mistake.text;
}

class KeySettingsMistake : public testing::TestWithParam<Mistake> {};

TEST_P(KeySettingsMistake, IsRefusedWithFileAndLine) {
  const auto text = refusal(GetParam().text);
  EXPECT_TRUE(text.starts_with("x.conf:1: ")) << text;
  EXPECT_NE(text.find(GetParam().what), std::string::npos) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Each, KeySettingsMistake,
    testing::Values(
        Mistake{"publish = \"manual\";", "\"publish\" is a text"},
        Mistake{"publish = { };", "\"method\" is missing"},
        Mistake{"publish = { method = \"ftp\"; };", "\"method\" is unknown"},
        Mistake{"publish = { method = \"manual\"; program = \"/x\"; };", "unknown setting \"program\""},
        Mistake{"publish = { method = \"update\"; };", "\"key_file\" is missing"},
        Mistake{"publish = { method = \"update\"; key_file = \"x\"; };", "not an absolute path"},
        Mistake{"publish = { method = \"hook\"; program = \"x\"; };", "not an absolute path"},
        Mistake{"publish = { method = \"lexicon\"; credentials = \"/x\"; };", "\"provider\" is missing"},
        Mistake{"publish = { method = \"lexicon\"; provider = \"x\"; };", "\"credentials\" is missing"},
        Mistake{"publish = { method = \"lexicon\"; provider = \"x\"; credentials = \"x\"; };",
                "not an absolute path"},
        Mistake{"publish = { method = \"lexicon\"; provider = \"--help\"; credentials = \"/x\"; };",
                "not the name of a provider"},
        Mistake{"publish = { method = \"lexicon\"; provider = \"Hetzner\"; credentials = \"/x\"; };",
                "not the name of a provider"},
        Mistake{"publish = { method = \"lexicon\"; provider = \"\"; credentials = \"/x\"; };",
                "not the name of a provider"},
        Mistake{"publish = { method = \"lexicon\"; provider = \"auto\"; credentials = \"/x\"; };",
                "cannot be \"auto\""},
        Mistake{"publish = { method = \"lexicon\"; provider = \"x\"; credentials = \"/x\"; form = \"y\"; };",
                "\"form\" is unknown"},
        Mistake{
            "publish = { method = \"lexicon\"; provider = \"x\"; credentials = \"/x\"; zone = \"a..b\"; };",
            "\"zone\" is an empty label"},
        Mistake{
            "publish = { method = \"lexicon\"; provider = \"x\"; credentials = \"/x\"; server = \"y\"; };",
            "unknown setting \"server\""},
        Mistake{"domains = ( { domain = \"a..b\"; } );", "\"domain\" is an empty label"},
        Mistake{"domains = ( { domain = \"a.b\"; } );", "\"publish\" is missing"},
        Mistake{"domains = ( { domain = \"a.b\"; publish = { method = \"manual\"; }; }, { domain = \"A.b\"; "
                "publish = { method = \"manual\"; }; } );",
                "listed twice"},
        Mistake{"rotation = { every = 0; };", "\"every\" is 0"},
        Mistake{"rotation = { drain = \"7d\"; };", "\"drain\" is a text"},
        Mistake{"rotation = { selector = \"s%yeer%\"; };", "x.conf:1: \"selector\" is no pattern"},
        Mistake{"rotation = { weekly = 1; };", "unknown setting \"weekly\""}));

}  // namespace
}  // namespace dkim::crypto
