#include "milter/check.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sstream>

#include "crypto/store/membership.hpp"
#include "milter/metrics/metrics.hpp"
#include "tests/milter/milter_store.hpp"

namespace dkim::milter {
namespace {

class CheckTest : public testing::Test {
 protected:
  // Expects that many problems, with one line for each; returns the lines.
  std::string check(int problems, const std::string& settings = "") {
    const auto config =
        parse_config("socket = \"unix:" + store_.path().string() + "/s\"; key_directory = \"" +
                         store_.path().string() + "\";" + settings,
                     "test.conf");
    std::ostringstream out;
    EXPECT_EQ(check_everything(config, out), problems) << out.str();
    const std::string text = out.str();
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), problems) << text;
    return text;
  }

  test::MilterStore store_;
};

TEST_F(CheckTest, FindsNothingWrongWithAGoodStore) {
  check(0);
  store_.add_key("example.com", "a", crypto::Algorithm::rsa);
  store_.add_key("example.com", "b");
  store_.add_key("example.org", "c", crypto::Algorithm::ed25519, crypto::KeyState::pending);
  test::write_file(store_.path() / "a file of no concern", "");
  std::filesystem::create_directory(store_.path() / "Upper.Example");
  check(0, "rules = ( { sender = \"*@x.example\"; domain = \"example.com\"; } );");
}

TEST_F(CheckTest, WarnsAboutValidSettingsThatMayDoHarm) {
  // Returns the warning, and expects no problem.
  const auto warning = [&](const std::string& settings) {
    const auto config =
        parse_config("socket = \"unix:" + store_.path().string() + "/s\"; key_directory = \"" +
                         store_.path().string() + "\";" + settings,
                     "test.conf");
    std::ostringstream out;
    EXPECT_EQ(check_everything(config, out), 0) << out.str();
    return out.str();
  };
  EXPECT_EQ(warning(""), "");
  EXPECT_TRUE(warning("oversigned_headers = ( \"+X-Spam-Status\" );")
                  .starts_with("warning: oversigned_headers: X-Spam-Status: "));
  EXPECT_TRUE(warning("signed_headers = ( \"+Authentication-Results\" );")
                  .starts_with("warning: signed_headers: Authentication-Results: "));
  EXPECT_TRUE(
      warning("trusted_networks = ( \"0.0.0.0/0\" );").starts_with("warning: trusted_networks: 0.0.0.0/0"));
  EXPECT_TRUE(warning("trusted_networks = ( \"::/0\" );").starts_with("warning: trusted_networks: ::/0"));
  EXPECT_TRUE(
      warning("on_foreign_author = \"reject\";").starts_with("warning: on_foreign_author: it has no"));
  EXPECT_EQ(warning("on_foreign_author = \"reject\"; logins = \"domain\";"), "");
  EXPECT_TRUE(warning("expiration = 3600;").starts_with("warning: expiration: "));
}

TEST_F(CheckTest, SaysWhetherTheLeaseRuns) {
  const crypto::KeyStore store(store_.path());
  const auto now = crypto::utc_now();
  crypto::Membership membership{.fleet = "0b0e1f5c-8d8a-4b54-9b60-0d9a3c1f2e77",
                                .host = "mx1",
                                .sequence = 0,
                                .mark = "",
                                .contact = now};
  crypto::write_membership(store, membership);
  EXPECT_NE(check(1).find("has no lease yet"), std::string::npos);
  crypto::write_lease(store, now - std::chrono::seconds(1));
  EXPECT_NE(check(1).find("is over since"), std::string::npos);
  crypto::write_lease(store, now + std::chrono::days(3));
  EXPECT_EQ(check(0), "");

  membership.contact = now - std::chrono::days(2);
  crypto::write_membership(store, membership);
  std::ostringstream out;
  const auto config = parse_config("socket = \"unix:" + store_.path().string() + "/s\"; key_directory = \"" +
                                       store_.path().string() + "\";",
                                   "test.conf");
  EXPECT_EQ(check_everything(config, out), 0);
  EXPECT_TRUE(out.str().starts_with("warning: this machine's copy of the fleet had its last contact at "))
      << out.str();
}

TEST_F(CheckTest, NamesARuleWhoseSelectorIsMissing) {
  store_.add_key("example.com", "a", crypto::Algorithm::rsa);
  EXPECT_EQ(
      check(1, "rules = ( { sender = \"*\"; domain = \"example.com\"; selectors = ( \"a\", \"b\" ); } );"),
      "the rule for * names the selector b, which example.com does not have\n");
}

TEST_F(CheckTest, NamesASecondSignerThatCannotSign) {
  const auto second = [](const std::string& more) {
    return "also_sign = ( { sender = \"@a.example\"; domain = \"esp.example\"; " + more + " } );";
  };
  EXPECT_EQ(check(1, second("")), "also_sign for *@a.example: esp.example has no active key\n");
  store_.add_key("esp.example", "next", crypto::Algorithm::ed25519, crypto::KeyState::pending);
  EXPECT_EQ(check(1, second("")), "also_sign for *@a.example: esp.example has no active key\n");
  store_.add_key("esp.example", "e");
  EXPECT_EQ(check(0, second("")), "");
  EXPECT_EQ(check(1, second("selectors = ( \"next\" );")),
            "also_sign for *@a.example: esp.example has no active key that the entry names\n");
  EXPECT_EQ(check(1, second("selectors = ( \"e\", \"f\" );")),
            "also_sign for *@a.example names the selector f, which esp.example does not have\n");
}

TEST_F(CheckTest, NamesAMissingDirectoryOfMetrics) {
  if (!built_with_metrics()) GTEST_SKIP() << "built without metrics";
  check(0, "metrics_file = \"" + store_.path().string() + "/m.prom\";");
  EXPECT_EQ(check(1, "metrics_file = \"/nowhere/m.prom\";"),
            "the directory of metrics_file, /nowhere, does not exist\n");
}

TEST_F(CheckTest, NamesEachBrokenKeyWithItsRemedy) {
  for (const char* selector : {"a", "b", "c", "d"})
    store_.add_key("example.com", selector);
  const auto file = [&](const char* selector) { return store_.key_file("example.com", selector); };
  ASSERT_EQ(chmod(file("a").c_str(), 0604), 0);
  std::filesystem::remove(file("b"));
  ASSERT_EQ(chmod(file("c").c_str(), 0660), 0);
  const std::string text = check(3);
  EXPECT_NE(text.find(file("a").string() + " has mode 0604"), std::string::npos) << text;
  EXPECT_NE(text.find("chmod 0600 " + file("a").string()), std::string::npos) << text;
  EXPECT_NE(text.find(file("b").string() + " is missing"), std::string::npos) << text;
  EXPECT_NE(text.find("chmod 0640 " + file("c").string()), std::string::npos) << text;
}

TEST_F(CheckTest, ABrokenManifestDoesNotHideTheNextDomain) {
  store_.add_key("a.example", "s");
  store_.add_key("b.example", "s");
  test::write_file(store_.manifest("a.example"), "");
  std::filesystem::remove(store_.key_file("b.example", "s"));
  const std::string text = check(2);
  EXPECT_NE(text.find(store_.manifest("a.example").string() + ":1: \"format\" is missing"), std::string::npos)
      << text;
  EXPECT_NE(text.find(store_.key_file("b.example", "s").string()), std::string::npos) << text;
}

TEST_F(CheckTest, NamesARuleWhoseDomainHasNoKeys) {
  store_.add_key("example.com", "s");
  EXPECT_EQ(
      check(1, "rules = ( { sender = \"*@x.example\"; domain = \"example.org\"; } );"),
      "the rule for *@x.example names example.org, which has no keys in " + store_.path().string() + "\n");
}

TEST_F(CheckTest, NamesMissingDirectories) {
  const std::string missing = store_.path() / "missing";
  auto config =
      parse_config("socket = \"unix:" + missing + "/s\"; key_directory = \"" + missing + "\";", "x");
  std::ostringstream out;
  EXPECT_EQ(check_everything(config, out), 2);
  EXPECT_EQ(out.str(), "the socket's directory " + missing + " does not exist\ncannot list " + missing +
                           ": No such file or directory\n");
}

// A problem of a directory affects everything in it, but is reported once.
TEST_F(CheckTest, ReportsOnceThatOthersMayWriteADirectory) {
  for (const auto* domain : {"a.example", "b.example"})
    store_.add_key(domain, "s");
  std::filesystem::permissions(store_.path(), std::filesystem::perms(0757));
  EXPECT_EQ(check(1),
            store_.path().string() +
                " has mode 0757: users other than its owner can write it, and so decide what is signed; fix "
                "it with: chmod o-w " +
                store_.path().string() + "\n");
  std::filesystem::permissions(store_.path(), std::filesystem::perms(0755));
  const auto domain = store_.path() / "b.example";
  std::filesystem::permissions(domain, std::filesystem::perms(01777));
  EXPECT_NE(check(1).find(domain.string() + " has mode 1777: "), std::string::npos);
}

TEST_F(CheckTest, ReadsTheTableOfLogins) {
  const auto table = store_.path() / "logins";
  const auto settings = "logins = \"" + table.string() + "\";";
  EXPECT_EQ(check(1, settings), "the table of logins " + table.string() + " does not exist\n");
  test::write_file(table, "joe a.example\njim\n", 0640);
  EXPECT_EQ(check(1, settings), table.string() +
                                    ":2: a login without a domain; a login, and after it the domains that it "
                                    "may use\n");
  test::write_file(table, "joe a.example\n", 0640);
  EXPECT_EQ(check(0, settings), "");
  std::filesystem::permissions(table, std::filesystem::perms(0666));
  EXPECT_NE(check(1, settings).find("fix it with: chmod"), std::string::npos);
}

TEST_F(CheckTest, NamesCredentialsAndAProgramThatCannotBeUsed) {
  const auto lexicon = store_.path() / "lexicon";
  const auto credentials = store_.path() / "hetzner.env";
  const std::string settings = "publish = { method = \"lexicon\"; provider = \"hetzner\"; credentials = \"" +
                               credentials.string() + "\"; program = \"" + lexicon.string() + "\"; };";
  EXPECT_EQ(check(1, settings), "the credentials of publish, " + credentials.string() + ", does not exist\n");
  test::write_file(credentials, "", 0600);
  EXPECT_EQ(check(1, settings), "the program of publish, " + lexicon.string() + ", does not exist\n");
  test::write_file(lexicon, "", 0755);
  EXPECT_EQ(check(0, settings), "");
  test::write_file(credentials, "", 0644);
  const auto said = check(1, settings);
  EXPECT_NE(said.find("fix it with: chmod 0640 " + credentials.string()), std::string::npos) << said;
}

TEST_F(CheckTest, NamesHooksAndTsigFilesThatCannotBeUsed) {
  const auto hook = store_.path() / "hook";
  const auto key = store_.path() / "tsig.key";
  const std::string settings =
      "publish = { method = \"hook\"; program = \"" + hook.string() +
      "\"; }; domains = ( { domain = \"a.example\"; publish = { method = \"update\"; key_file = \"" +
      key.string() + "\"; }; } );";
  EXPECT_EQ(check(2, settings), "the program of publish, " + hook.string() +
                                    ", does not exist\nthe key_file of publish, " + key.string() +
                                    ", does not exist\n");
  test::write_file(hook, "", 0644);
  std::filesystem::create_directory(key);
  std::filesystem::permissions(key, std::filesystem::perms(0700));
  EXPECT_EQ(check(2, settings),
            "the program of publish, " + hook.string() + ", cannot be run; fix it with: chmod u+x " +
                hook.string() + "\nthe key_file of publish, " + key.string() + ", is not a regular file\n");
  std::filesystem::remove(key);
  test::write_file(hook, "", 0755);
  test::write_file(key, "", 0640);
  EXPECT_EQ(check(0, settings), "");
  test::write_file(hook, "", 0757);
  test::write_file(key, "", 0644);
  const auto said = check(2, settings);
  EXPECT_NE(said.find("fix it with: chmod o-w " + hook.string() + "\n"), std::string::npos) << said;
  EXPECT_NE(said.find("fix it with: chmod 0640 " + key.string() + "\n"), std::string::npos) << said;
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file to another user";
  test::write_file(hook, "", 0755);
  test::write_file(key, "", 0640);
  EXPECT_EQ(check(0, settings), "");
  for (const auto& file : {hook, key}) {
    ASSERT_EQ(chown(file.c_str(), 65534, 65534), 0);
    const auto owned = check(1, settings);
    EXPECT_NE(owned.find(file.string() + " belongs to user 65534"), std::string::npos) << owned;
    EXPECT_NE(owned.find("fix it with: chown root " + file.string() + "\n"), std::string::npos) << owned;
    ASSERT_EQ(chown(file.c_str(), 0, 0), 0);
  }
}

}  // namespace
}  // namespace dkim::milter
