// Tests the configuration of a service: arguments in units, relative paths, byte order marks.
#include <gtest/gtest.h>

#include <algorithm>

#include "keytool/opendkim/plan.hpp"
#include "keytool/opendkim/unit_arguments.hpp"
#include "keytool/opendkim/unit_words.hpp"
#include "tests/keytool/import_plan_fixture.hpp"

namespace dkim::keytool::opendkim {
namespace {

using Texts = std::vector<std::string>;
using Kind = Remark::Kind;

class ImportServiceTest : public ::testing::Test {
 protected:
  ImportServiceTest() {
    const auto pem = crypto::PrivateKey::generate_ed25519().to_pem();
    for (const auto* path : {"/k", "/etc/dkim/k", "/srv/k"})
      sources_.files[path] = {pem.begin(), pem.end()};
  }

  ImportPlan plan(const std::string& path) {
    return plan_import(path, sources_, [](const auto&) { return std::vector<canon::Selector>{}; });
  }

  Texts names(const std::string& path) {
    Texts out;
    for (const auto& [name, key] : plan(path).keys)
      out.push_back(name.selector.str() + " " + name.domain.str() + " " + key.source);
    return out;
  }

  bool says(const std::string& path, Kind kind, std::string_view text) {
    const auto found = plan(path).remarks;
    return std::any_of(found.begin(), found.end(), [&](const Remark& remark) {
      return remark.kind == kind && (remark.place + ": " + remark.text).find(text) != std::string::npos;
    });
  }

  test::TextSources sources_;
};

const std::string single = "Domain conf.example\nSelector s\nKeyFile /k\n";

TEST_F(ImportServiceTest, ArgumentsOfTheUnitOverrideTheFileThatItReads) {
  sources_.files["/etc/opendkim.conf"] = single + "Mode v\n";
  sources_.files["/other.conf"] = single;
  sources_.files["/usr/lib/systemd/system/opendkim.service"] =
      "[Unit]\nExecStart=/bin/no\n[Service]\nExecStart=/usr/sbin/opendkim -lD -dunit.example \\\n -b s -s "
      "two\n";
  EXPECT_EQ(names("/etc/opendkim.conf"), Texts{"two unit.example /k"});
  EXPECT_TRUE(plan("/etc/opendkim.conf").subdomains.begin()->second.sign);
  EXPECT_TRUE(says("/etc/opendkim.conf", Kind::note,
                   "Domain is overridden by the argument -d in /usr/lib/systemd/system/opendkim.service"));
  EXPECT_EQ(names("/other.conf"), Texts{"s conf.example /k"}) << "no service reads it";
}

TEST_F(ImportServiceTest, TheKeyFileInTheConfigurationOverridesTheArgument) {
  sources_.files["/etc/opendkim.conf"] = single;
  sources_.files["/etc/systemd/system/opendkim.service"] =
      "[Service]\nExecStart=/usr/sbin/opendkim -k /srv/k\n";
  EXPECT_EQ(names("/etc/opendkim.conf"), Texts{"s conf.example /k"});
  EXPECT_TRUE(says("/etc/opendkim.conf", Kind::note, "-k is overridden"));
  sources_.files["/etc/opendkim.conf"] = "Domain conf.example\nSelector s\n";
  EXPECT_EQ(names("/etc/opendkim.conf"), Texts{"s conf.example /srv/k"});
}

TEST_F(ImportServiceTest, DropInsAndEnvironmentFilesAreFollowed) {
  sources_.files["/etc/opendkim.conf"] = single;
  sources_.files["/lib/systemd/system/opendkim.service"] =
      "[Service]\nEnvironment=\"A=-s env\" B=no\nEnvironmentFile=-/etc/default/opendkim\n"
      "ExecStart=/usr/sbin/opendkim -x /etc/opendkim.conf $A $DAEMON_OPTS -d ${D}.example\n";
  sources_.files["/etc/default/opendkim"] = "# mine\nDAEMON_OPTS=\"-c relaxed\"\nD=def\n";
  EXPECT_EQ(names("/etc/opendkim.conf"), Texts{"env def.example /k"});
  EXPECT_EQ(plan("/etc/opendkim.conf").settings.canonicalization,
            (canon::CanonicalizationPair{canon::Canonicalization::relaxed, canon::Canonicalization::simple}));
  sources_.files["/etc/systemd/system/opendkim.service.d/override.conf"] =
      "[Service]\nExecStart=\nExecStart=/usr/sbin/opendkim -x /srv/o.conf\nWorkingDirectory=/srv\n";
  sources_.files["/srv/o.conf"] = "Domain drop.example\nSelector s\nKeyFile k\n";
  EXPECT_TRUE(says("/etc/opendkim.conf", Kind::signed_otherwise, "but /srv/o.conf (-x in its unit)"));
  EXPECT_EQ(names("/srv/o.conf"), Texts{"s drop.example /srv/k"});
}

// A file that is not there says nothing, but one that cannot be read may change everything.
TEST_F(ImportServiceTest, AnEnvironmentFileThatIsNotReadIsNamed) {
  sources_.files["/etc/opendkim.conf"] = single;
  sources_.files["/lib/systemd/system/opendkim.service"] =
      "[Service]\nEnvironmentFile=-/none\nEnvironmentFile=-/etc/default/opendkim\n"
      "ExecStart=/usr/sbin/opendkim $DAEMON_OPTS\n";
  EXPECT_FALSE(says("/etc/opendkim.conf", Kind::signed_otherwise, "EnvironmentFile"));
  sources_.files["/etc/default/opendkim"] = std::string("DAEMON_OPTS=\"-c relaxed\"\n\0", 26);
  EXPECT_TRUE(
      says("/etc/opendkim.conf", Kind::signed_otherwise,
           "/lib/systemd/system/opendkim.service: EnvironmentFile: /etc/default/opendkim is not text"));
}

TEST_F(ImportServiceTest, WithoutAUnitTheInitScriptsOptionsCount) {
  sources_.files["/etc/opendkim.conf"] = single;
  sources_.files["/etc/default/opendkim"] = "NAME=x\nDAEMON_OPTS=\"-d $NAME.example\"\n";
  EXPECT_EQ(names("/etc/opendkim.conf"), Texts{"s x.example /k"});
}

TEST_F(ImportServiceTest, AUnitMayBeNamedInPlaceOfAConfiguration) {
  sources_.files["/u/opendkim@a.service"] =
      "[Service]\nExecStart=-/usr/sbin/opendkim -d a.example,b.example -k /k -s m -o To\n";
  EXPECT_EQ(names("/u/opendkim@a.service"), (Texts{"m a.example /k", "m b.example /k"}));
  EXPECT_EQ(plan("/u/opendkim@a.service").settings.signed_headers, Texts{"-To"});
  sources_.files["/u/c.service"] = "[Service]\nExecStart=/usr/sbin/opendkim -x /c -d unit.example\n";
  sources_.files["/c"] = single;
  EXPECT_EQ(names("/u/c.service"), Texts{"s unit.example /k"});
}

TEST_F(ImportServiceTest, ReportsPartsOfAUnitThatItCannotFollow) {
  sources_.files["/c"] = single;
  const std::map<std::string, std::pair<Kind, std::string>> cases{
      {"/bin/sh -c 'exec opendkim -d x.example'", {Kind::signed_otherwise, "another program"}},
      {"/usr/sbin/opendkim -x /c -d %H", {Kind::signed_otherwise, "specifier"}},
      {"/usr/sbin/opendkim -x /c -Z", {Kind::not_taken, "opendkim has no option"}},
      {"/usr/sbin/opendkim -x /c more", {Kind::not_taken, "opendkim has no argument"}},
      {"/usr/sbin/opendkim -x /c -d", {Kind::not_taken, "no value"}},
  };
  sources_.files["/etc/opendkim.conf"] = single;
  for (const auto& [command, expected] : cases) {
    sources_.files["/u.service"] = "[Service]\nExecStart=" + command + "\n";
    EXPECT_TRUE(says("/u.service", expected.first, expected.second)) << command;
  }
}

TEST_F(ImportServiceTest, LaterVariablesReplaceEarlierOnes) {
  sources_.files["/etc/opendkim.conf"] = single;
  sources_.files["/lib/systemd/system/opendkim.service"] =
      "[Service]\nEnvironment=D=one.example S=one\nEnvironmentFile=/env\n"
      "ExecStart=/usr/sbin/opendkim -d ${D} -s ${S} $O\n";
  sources_.files["/etc/systemd/system/opendkim.service.d/a.conf"] =
      "[Service]\nEnvironment=D=two.example S=two\n";
  EXPECT_EQ(names("/etc/opendkim.conf"), Texts{"two two.example /k"});
  // Quotes within an unquoted value stay, for the words that $O becomes.
  sources_.files["/env"] = "S=\"file\"\nO=-o 'To,Cc' \n";
  EXPECT_EQ(names("/etc/opendkim.conf"), Texts{"file two.example /k"}) << "an environment file wins";
  EXPECT_EQ(plan("/etc/opendkim.conf").settings.signed_headers, (Texts{"-To", "-Cc"}));
  sources_.files["/etc/systemd/system/opendkim.service.d/b.conf"] =
      "[Service]\nEnvironmentFile=\nEnvironment=\nEnvironment=D=three.example S=three\n";
  EXPECT_EQ(names("/etc/opendkim.conf"), Texts{"three three.example /k"});
}

TEST_F(ImportServiceTest, ADropInThatIsALinkToNothingHidesOthersOfItsName) {
  sources_.files["/etc/opendkim.conf"] = single;
  sources_.files["/lib/systemd/system/opendkim.service"] =
      "[Service]\nExecStart=/usr/sbin/opendkim -s unit\n";
  sources_.files["/lib/systemd/system/opendkim.service.d/a.conf"] =
      "[Service]\nExecStart=\nExecStart=/usr/sbin/opendkim -s dropin\n";
  EXPECT_EQ(names("/etc/opendkim.conf"), Texts{"dropin conf.example /k"});
  // A directory stands for whatever is not a file.
  sources_.files["/etc/systemd/system/opendkim.service.d/a.conf/x"] = "";
  EXPECT_EQ(names("/etc/opendkim.conf"), Texts{"unit conf.example /k"});
}

TEST_F(ImportServiceTest, SpecifiersThatFollowFromTheNameAreReplaced) {
  const std::string unit = "/etc/systemd/system/opendkim@lists.service";
  sources_.files[unit] = "[Service]\nExecStart=/usr/sbin/opendkim -x %E/%p/%i.conf -d %%.example\n";
  sources_.files["/etc/opendkim/lists.conf"] = single;
  EXPECT_TRUE(says(unit, Kind::note, "Domain is overridden by the argument -d"));
  EXPECT_FALSE(says(unit, Kind::signed_otherwise, "specifier"));
  // The drop-ins of the template count for each instance, and an instance's own as well.
  sources_.files["/etc/systemd/system/opendkim@.service.d/all.conf"] =
      "[Service]\nExecStart=\nExecStart=/usr/sbin/opendkim -x %E/%p/%i.conf -d all.example\n";
  EXPECT_EQ(names(unit), Texts{"s all.example /k"});
  sources_.files["/etc/systemd/system/opendkim@lists.service.d/own.conf"] =
      "[Service]\nExecStart=\nExecStart=/usr/sbin/opendkim -x %E/%p/%i.conf -d own.example\n";
  EXPECT_EQ(names(unit), Texts{"s own.example /k"});
}

TEST_F(ImportServiceTest, TheInitScriptsSocketIsTheWeakestSetting) {
  sources_.files["/etc/opendkim.conf"] = single;
  sources_.files["/etc/default/opendkim"] = "RUNDIR=/run/opendkim\nSOCKET=local:$RUNDIR/opendkim.sock\n";
  EXPECT_TRUE(
      says("/etc/opendkim.conf", Kind::note, "/etc/default/opendkim: Socket: dkimsignd listens on its own"));
  sources_.files["/etc/opendkim.conf"] = single + "Socket inet:8891\n";
  EXPECT_TRUE(says("/etc/opendkim.conf", Kind::note,
                   "Socket: the argument SOCKET is overridden by the one in /etc/opendkim.conf:4"));
}

TEST_F(ImportServiceTest, SaysThatPathsAreNotBelowAnotherRoot) {
  sources_.files["/c"] = single;
  sources_.files["/u.service"] = "[Service]\nRootDirectory=/srv\nExecStart=/usr/sbin/opendkim -x /c\n";
  EXPECT_TRUE(says("/u.service", Kind::not_taken, "RootDirectory"));
}

TEST(ImportUnitFile, SplitsUnitWordsWithEscapes) {
  EXPECT_EQ(split_unit_words("a\\x20b 'c\\sd' \"\\101\" e\\tf \\q \\x0 g\\"),
            (Texts{"a b", "c d", "A", "e\tf", "q", "x0", "g\\"}));
}

TEST(ImportUnitFile, ReplacesVariablesAsSystemdDoes) {
  const Variables variables{{"A", "one 'two three'"}, {"B", "x"}, {"E", ""}};
  EXPECT_EQ(with_unit_variables(
                {"$A", "${A}", "-d$B", "-d${B}", "$$B", "$E", "${E}", "$none", "${none}", "$"}, variables),
            (Texts{"one", "two three", "one 'two three'", "-d$B", "-dx", "$B", "", "", "$"}));
}

TEST(ImportUnitFile, ArgumentsLongerThanTheKernelTakesAreRefused) {
  const Variables variables{{"A", std::string(100'000, 'x')}};
  std::string word;
  for (int i = 0; i < 100; ++i)
    word += "${A}";
  EXPECT_THROW(with_unit_variables({word}, variables), crypto::StoreError);
  EXPECT_THROW(with_unit_variables(Texts(100, "${A}"), variables), crypto::StoreError);
  EXPECT_THROW(with_unit_variables(Texts(100, "$A"), variables), crypto::StoreError);
  std::string text = "A=0123456789\n";
  for (int i = 0; i < 10; ++i)
    text += "B=$A$A$A$A\nA=$B\n";
  EXPECT_THROW(parse_shell_variables(text), crypto::StoreError);
}

TEST(ImportUnitFile, ReadsEnvironmentFilesAsSystemdDoes) {
  EXPECT_EQ(
      parse_environment_file("# no\n; no\nA=b c  \nB=\"x \\\"y\\n\" 'z'\nC=a'b'\nD=\nE=\\$x\nno\n F = g\n"),
      (Variables{{"A", "b c"}, {"B", "x \"y\\nz"}, {"C", "a'b'"}, {"D", ""}, {"E", "$x"}, {"F", "g"}}));
}

TEST(ImportUnitFile, SplitsWordsAsAShellDoes) {
  EXPECT_EQ(split_words(" a 'b c'  \"d\\\"e\" f\\ g '' h'i'j "),
            (Texts{"a", "b c", "d\"e", "f g", "", "hij"}));
  EXPECT_EQ(split_words("\"open"), Texts{"open"});
  EXPECT_EQ(split_words(""), Texts{});
}

TEST_F(ImportServiceTest, RelativePathsBeginWhereOpendkimStarts) {
  sources_.files["/c"] = "BaseDirectory /etc/dkim\nDomain a.example\nSelector s\nKeyFile k\nInclude more\n";
  sources_.files["/more"] = "Selector included\n";
  EXPECT_EQ(names("/c"), Texts{"included a.example /etc/dkim/k"})
      << "an Include is relative to where opendkim is started";
}

TEST_F(ImportServiceTest, HintsAtBaseDirectory) {
  sources_.files["/etc/dkim/c"] = "Domain a.example\nSelector s\nKeyFile keys/mine\nInternalHosts file:h\n";
  sources_.files["/etc/dkim/h"] = "10.0.0.1\n";
  EXPECT_TRUE(says(
      "/etc/dkim/c", Kind::unsigned_mail,
      "/h does not exist; h is relative to /, where opendkim is started; /etc/dkim/h exists: if that one is "
      "meant, set BaseDirectory /etc/dkim"));
  EXPECT_TRUE(
      says("/etc/dkim/c", Kind::unsigned_mail, "/keys/mine does not exist; keys/mine is relative to /"));
  sources_.files["/etc/dkim/t"] =
      "KeyTable csl:k=a.example:s:./k\nSigningTable csl:a.example=k\nBaseDirectory /etc/other\n";
  EXPECT_TRUE(says("/etc/dkim/t", Kind::unsigned_mail, "./k is relative to BaseDirectory, /etc/other"));
}

TEST_F(ImportServiceTest, ByteOrderMarksAreSkippedAndReported) {
  const std::string mark = "\xef\xbb\xbf";
  sources_.files["/c"] = mark + "KeyTable file:/kt\nSigningTable file:/st\nInternalHosts /h\n";
  sources_.files["/kt"] = mark + "k a.example:s:/k\r\n";
  sources_.files["/st"] = mark + "a.example k\r\n";
  sources_.files["/h"] = mark + "10.0.0.0/8\r\n";
  EXPECT_EQ(names("/c"), Texts{"s a.example /k"});
  EXPECT_EQ(plan("/c").settings.trusted_networks, Texts{"10.0.0.0/8"});
  for (const auto* file : {"/c", "/kt", "/st", "/h"})
    EXPECT_TRUE(says("/c", Kind::note, std::string(file) + ": begins with a byte order mark")) << file;
  sources_.files["/h"] = std::string(
      "\xff\xfe"
      "1\0",
      4);
  EXPECT_TRUE(says("/c", Kind::unsigned_mail, "iconv -f UTF-16 -t UTF-8 /h"));
}

}  // namespace
}  // namespace dkim::keytool::opendkim
