#include "milter/config.hpp"

#include <gtest/gtest.h>

#include "crypto/error.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::milter {
namespace {

Config parsed(std::string_view text) {
  return parse_config(text, "test.conf");
}

TEST(Config, AnEmptyFileMeansTheDefaults) {
  for (const char* text : {"", "\n", "# nothing\n", "// nothing\n/* at all */"}) {
    const auto config = parsed(text);
    EXPECT_EQ(config.socket.text, crypto::default_socket);
    EXPECT_EQ(config.socket_mode, 0660U);
    EXPECT_EQ(config.signing.key_directory, crypto::default_key_directory);
    ASSERT_EQ(config.trusted_networks.size(), 2U);
    EXPECT_EQ(config.trusted_networks[0].text(), "127.0.0.0/8");
    EXPECT_EQ(config.trusted_networks[1].text(), "::1");
    EXPECT_TRUE(config.sign_authenticated);
    ASSERT_EQ(config.macros.size(), 1U);
    EXPECT_EQ(config.macros[0].name, "{daemon_name}");
    EXPECT_EQ(config.macros[0].values, std::vector<std::string>{"ORIGINATING"});
    EXPECT_EQ(to_string(config.signing.canonicalization), "relaxed/relaxed");
    EXPECT_TRUE(config.signing.signed_headers.empty());
    EXPECT_TRUE(config.signing.oversigned_headers.empty());
    EXPECT_TRUE(config.signing.fields.is_signed("subject"));
    EXPECT_EQ(config.signing.expiration.count(), 0);
    EXPECT_TRUE(config.signing.rules.empty());
    EXPECT_EQ(config.on_error, Disposition::tempfail);
    EXPECT_EQ(config.on_malformed, Disposition::accept);
    EXPECT_EQ(config.log, LogTarget::syslog);
    EXPECT_EQ(config.log_level, LogLevel::info);
    EXPECT_TRUE(config.metrics.file.empty());
    EXPECT_EQ(config.metrics.interval.count(), 15);
    EXPECT_EQ(config.metrics.domains, 100U);
  }
}

// Sets every setting to a value that is not its default.
constexpr const char* everything = R"(
socket = "inet:8891@127.0.0.1";
socket_mode = "0600";
key_directory = "/srv/keys";
trusted_networks = ( "192.0.2.0/24", "2001:db8::/32" );
sign_authenticated = false;
logins = ( { login = "*@shop.example"; domains = ( "Shop.example", "*" ); } );
on_foreign_author = "reject";
macros = ( { name = "{a_1}"; values = ( "x", "y" ); }, { name = "b"; } );
canonicalization = "simple/relaxed";
signed_headers = ( "+X-Extra", "-Autocrypt" );
oversigned_headers = ( "+Sender" );
expiration = 86400;
rules = ( { sender = "*@News.example.com"; domain = "example.com"; selectors = ( "s1", "s2" ); },
          { sender = "@shop.example"; domain = "Example.ORG"; },
          { sender = "*@quiet.example"; sign = false; } );
also_sign = ( { sender = "*"; domain = "ESP.example"; selectors = ( "e1" ); } );
on_error = "reject";
on_malformed = "tempfail";
publish = { method = "update"; key_file = "/etc/tsig.key"; server = "192.0.2.1"; };
domains = ( { domain = "example.com"; publish = { method = "hook"; program = "/bin/hook"; }; },
            { domain = "example.net";
              publish = { method = "lexicon"; provider = "hetzner"; credentials = "/etc/h.env"; zone = "example.net";
                          program = "/opt/lexicon"; form = "strings"; }; } );
rotation = { every = 90; drain = 1; forget = 2; selector = "k%date%";
             notify = "dns@example.com"; sendmail = "/opt/sendmail"; };
log = "stderr";
log_level = "debug";
metrics_file = "/run/m.prom";
metrics_interval = 60;
metrics_domains = 0;
)";

TEST(Config, ReadsEverySetting) {
  const auto config = parsed(everything);
  EXPECT_EQ(config.socket.text, "inet:8891@127.0.0.1");
  EXPECT_FALSE(config.socket.is_unix());
  EXPECT_EQ(config.socket_mode, 0600U);
  EXPECT_EQ(config.signing.key_directory, "/srv/keys");
  ASSERT_EQ(config.trusted_networks.size(), 2U);
  EXPECT_EQ(config.trusted_networks[1].text(), "2001:db8::/32");
  EXPECT_FALSE(config.sign_authenticated);
  ASSERT_EQ(config.logins.rules.size(), 1U);
  EXPECT_EQ(config.logins.rules[0].login, "*@shop.example");
  EXPECT_EQ(config.logins.rules[0].domains.domains.size(), 1U);
  EXPECT_TRUE(config.logins.rules[0].domains.every);
  EXPECT_EQ(config.on_foreign_author, Disposition::reject);
  ASSERT_EQ(config.macros.size(), 2U);
  EXPECT_EQ(config.macros[0].name, "{a_1}");
  EXPECT_EQ(config.macros[0].values, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(config.macros[1].name, "b");
  EXPECT_TRUE(config.macros[1].values.empty());
  EXPECT_EQ(to_string(config.signing.canonicalization), "simple/relaxed");
  EXPECT_TRUE(config.signing.fields.is_signed("x-extra"));
  EXPECT_TRUE(config.signing.fields.is_signed("sender"));  // an oversigned field is signed as well
  EXPECT_EQ(config.signing.expiration.count(), 86400);
  ASSERT_EQ(config.signing.rules.size(), 3U);
  EXPECT_EQ(config.signing.rules[0].sender, "*@news.example.com");
  EXPECT_EQ(config.signing.rules[0].selectors.size(), 2U);
  EXPECT_EQ(config.signing.rules[1].domain->str(), "example.org");
  EXPECT_TRUE(config.signing.rules[1].selectors.empty());
  EXPECT_EQ(config.signing.rules[2].domain, std::nullopt);
  ASSERT_EQ(config.signing.also_sign.size(), 1U);
  EXPECT_EQ(config.signing.also_sign[0].sender, "*");
  EXPECT_EQ(config.signing.also_sign[0].domain->str(), "esp.example");
  EXPECT_EQ(config.signing.also_sign[0].selectors.size(), 1U);
  EXPECT_EQ(config.keys.selector->text(), "k%date%");
  EXPECT_EQ(config.keys.notify->str(), "dns@example.com");
  EXPECT_EQ(config.keys.sendmail, "/opt/sendmail");
  EXPECT_EQ(config.on_error, Disposition::reject);
  EXPECT_EQ(config.on_malformed, Disposition::tempfail);
  EXPECT_EQ(config.log, LogTarget::standard_error);
  EXPECT_EQ(config.log_level, LogLevel::debug);
  EXPECT_EQ(config.metrics.file, "/run/m.prom");
  EXPECT_EQ(config.metrics.interval.count(), 60);
  EXPECT_EQ(config.metrics.domains, 0U);
}

TEST(Config, EmptyListsAreNotTheDefault) {
  const auto config = parsed("trusted_networks = (); macros = ();");
  EXPECT_TRUE(config.trusted_networks.empty());
  EXPECT_TRUE(config.macros.empty());
}

TEST(Config, AcceptsEveryWordOfEverySetting) {
  for (const char* word : {"accept", "tempfail", "reject"}) {
    const auto config = parsed(std::string("on_error = \"") + word + "\"; on_malformed = \"" + word + "\";");
    EXPECT_EQ(to_string(config.on_error), word);
    EXPECT_EQ(to_string(config.on_malformed), word);
  }
  for (const char* word : {"syslog", "stderr", "stdout"})
    EXPECT_EQ(to_string(parsed(std::string("log = \"") + word + "\";").log), word);
  for (const char* word : {"error", "warning", "info", "debug"})
    EXPECT_EQ(to_string(parsed(std::string("log_level = \"") + word + "\";").log_level), word);
}

TEST(Config, AcceptsEveryKindOfSocket) {
  EXPECT_EQ(parsed("socket = \"unix:/a b/s\";").socket.path(), "/a b/s");
  for (const char* text : {"inet:1@127.0.0.1", "inet:65535@localhost", "inet6:8891@::1"})
    EXPECT_EQ(parsed(std::string("socket = \"") + text + "\";").socket.text, text);
  // The longest path that the system accepts.
  const std::string longest = "unix:/" + std::string(106, 's');
  EXPECT_EQ(parsed("socket = \"" + longest + "\";").socket.text, longest);
}

TEST(Config, IsTheSameAfterPrintingAndReading) {
  for (const char* text :
       {"", everything, "trusted_networks = (); macros = (); rules = ();",
        "log_level = \"error\"; socket = \"unix:/with \\\"quotes\\\" and \\\\ and \\t/s\";",
        "key_directory = \"/keys/\xc3\xa4\\x01\";"}) {
    const std::string once = config_text(parsed(text));
    EXPECT_EQ(config_text(parsed(once)), once) << text;
  }
}

TEST(Config, PrintsTheValuesInEffect) {
  const std::string text = config_text(parsed(everything));
  for (const char* line :
       {"socket = \"inet:8891@127.0.0.1\";\n", "socket_mode = \"0600\";\n", "sign_authenticated = false;\n",
        "expiration = 86400;\n", "on_error = \"reject\";\n", "log = \"stderr\";\n",
        "metrics_file = \"/run/m.prom\";\n", "metrics_interval = 60;\n", "metrics_domains = 0;\n",
        "macros = ( { name = \"{a_1}\"; values = ( \"x\", \"y\" ); }, { name = \"b\"; } );\n",
        "rules = ( { sender = \"*@news.example.com\"; domain = \"example.com\"; selectors = ( \"s1\", \"s2\" "
        "); }, "
        "{ sender = \"*@shop.example\"; domain = \"example.org\"; }, "
        "{ sender = \"*@quiet.example\"; sign = false; } );\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << "in\n" << text;
}

TEST(Config, ReadsAFile) {
  const test::TemporaryDirectory directory;
  test::write_file(directory.path() / "a.conf", "@include \"b.conf\"\non_error = \"accept\";\n");
  test::write_file(directory.path() / "b.conf", "expiration = 500;\n");
  const auto config = read_config({directory.path() / "a.conf"});
  EXPECT_EQ(config.on_error, Disposition::accept);
  EXPECT_EQ(config.signing.expiration.count(), 500);
}

}  // namespace
}  // namespace dkim::milter
