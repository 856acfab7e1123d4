// Each mistake in a configuration gets an error with its file and line, what is wrong and what is correct.
#include <gtest/gtest.h>
#include <unistd.h>

#include "crypto/error.hpp"
#include "milter/config.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::milter {
namespace {

std::string error_of(std::string_view text) {
  try {
    parse_config(text, "test.conf");
    return "no error";
  } catch (const crypto::SettingsError& error) {
    return error.what();
  }
}

// Each text stands on the third line, so its error must name that line.
struct Mistake {
  const char* text;
  const char* message;
};

class ConfigMistake : public testing::TestWithParam<Mistake> {};

TEST_P(ConfigMistake, IsReportedWithItsLine) {
  EXPECT_EQ(error_of("\n# line 2\n" + std::string(GetParam().text) + "\n"),
            "test.conf:3: " + std::string(GetParam().message));
}

constexpr const char* socket_forms = "unix:/absolute/path, inet:PORT@ADDRESS or inet6:PORT@ADDRESS";

std::vector<Mistake> socket_mistakes() {
  static const std::string no_path = "\"socket\" has no absolute path; " + std::string(socket_forms);
  static const std::string no_address =
      "\"socket\" is not an address to listen on; " + std::string(socket_forms);
  static const std::string long_path = "socket = \"unix:/" + std::string(107, 's') + "\";";
  std::vector<Mistake> out = {
      {"socket = \"unix:relative\";", no_path.c_str()},
      {"socket = \"unix:\";", no_path.c_str()},
      {long_path.c_str(), "\"socket\" has a path longer than the system allows; at most 107 bytes"},
      {"socket = 8891;", "\"socket\" is a number; it must be a text in quotes"},
  };
  for (const char* text : {"socket = \"\";", "socket = \"/path\";", "socket = \"local:/path\";",
                           "socket = \"inet:8891\";", "socket = \"inet:@127.0.0.1\";",
                           "socket = \"inet:0@127.0.0.1\";", "socket = \"inet:65536@127.0.0.1\";",
                           "socket = \"inet:88x@127.0.0.1\";", "socket = \"inet:-1@127.0.0.1\";",
                           "socket = \"inet:8891@\";", "socket = \"inet:99999999999@127.0.0.1\";",
                           "socket = \"inet7:1@127.0.0.1\";", "socket = \"@:inet\";"})
    out.push_back({text, no_address.c_str()});
  return out;
}

INSTANTIATE_TEST_SUITE_P(Socket, ConfigMistake, testing::ValuesIn(socket_mistakes()));

constexpr const char* bad_mode =
    "\"socket_mode\" is not a file mode; an octal number in quotes, such as \"0660\"";

INSTANTIATE_TEST_SUITE_P(
    SocketMode, ConfigMistake,
    testing::Values(Mistake{"socket_mode = \"0990\";", bad_mode}, Mistake{"socket_mode = \"\";", bad_mode},
                    Mistake{"socket_mode = \"1777\";", bad_mode}, Mistake{"socket_mode = \"-1\";", bad_mode},
                    Mistake{"socket_mode = \"0660 \";", bad_mode}, Mistake{"socket_mode = \"rw\";", bad_mode},
                    Mistake{"socket_mode = \"77777777777777\";", bad_mode},
                    Mistake{"socket_mode = 0660;",
                            "\"socket_mode\" is a number; it must be a text in quotes"}));

constexpr const char* bad_network =
    "\"trusted_networks\" has an entry that is no network; an address or a range whose host bits are zero, "
    "such as \"192.0.2.0/24\" or \"2001:db8::/32\"";

INSTANTIATE_TEST_SUITE_P(
    Trust, ConfigMistake,
    testing::Values(
        Mistake{"trusted_networks = ( \"127.0.0.1/8\" );", bad_network},
        Mistake{"trusted_networks = ( \"localhost\" );", bad_network},
        Mistake{"trusted_networks = \"127.0.0.1\";",
                "\"trusted_networks\" is a text; it must be a list of texts ( \"a\", \"b\" )"},
        Mistake{"trusted_networks = ( \"::1\", 7 );",
                "\"trusted_networks[1]\" is a number; it must be a text in quotes"},
        Mistake{"sign_authenticated = \"true\";",
                "\"sign_authenticated\" is a text; it must be true or false, without quotes"},
        Mistake{"sign_authenticated = 1;",
                "\"sign_authenticated\" is a number; it must be true or false, without quotes"},
        Mistake{"macros = \"{daemon_name}\";",
                "\"macros\" is a text; it must be a list of groups ( { ... }, { ... } )"},
        Mistake{"macros = ( \"{daemon_name}\" );", "\"macros[0]\" is a text; it must be a group { ... }"},
        Mistake{"macros = ( { values = ( \"x\" ); } );", "\"name\" is missing; it must be given here"},
        Mistake{"macros = ( { name = \"{x}\"; values = (); } );",
                "\"values\" is empty; leave it out if any value will do"},
        Mistake{"macros = ( { name = \"{x}\"; value = ( \"x\" ); } );",
                "unknown setting \"value\"; known here: name, values"},
        Mistake{"macros = ( { name = \"daemon_name\"; } );",
                "\"name\" is not the name of a macro; a letter, or a word in braces: \"{daemon_name}\""},
        Mistake{"macros = ( { name = \"\"; } );",
                "\"name\" is not the name of a macro; a letter, or a word in braces: \"{daemon_name}\""},
        Mistake{"macros = ( { name = \"{a b}\"; } );",
                "\"name\" is not the name of a macro; a letter, or a word in braces: \"{daemon_name}\""},
        Mistake{"macros = ( { name = \"{}\"; } );",
                "\"name\" is not the name of a macro; a letter, or a word in braces: \"{daemon_name}\""}));

INSTANTIATE_TEST_SUITE_P(
    Words, ConfigMistake,
    testing::Values(
        Mistake{"on_error = \"ignore\";",
                "\"on_error\" has an unknown value; it can be \"accept\", \"tempfail\", \"reject\""},
        Mistake{"on_malformed = \"Accept\";",
                "\"on_malformed\" has an unknown value; it can be \"accept\", \"tempfail\", \"reject\""},
        Mistake{"log = \"file\";",
                "\"log\" has an unknown value; it can be \"syslog\", \"stderr\", \"stdout\""},
        Mistake{"log_level = \"verbose\";",
                "\"log_level\" has an unknown value; it can be \"error\", \"warning\", \"info\", \"debug\""},
        Mistake{"log_level = 3;", "\"log_level\" is a number; it must be a text in quotes"},
        Mistake{"log = { };", "\"log\" is a group { ... }; it must be a text in quotes"}));

INSTANTIATE_TEST_SUITE_P(
    Metrics, ConfigMistake,
    testing::Values(
        Mistake{"metrics_file = \"dkimsignd.prom\";",
                "\"metrics_file\" is not an absolute path; it must begin with /, or be empty for none"},
        Mistake{"socket = \"unix:/x/s\"; metrics_file = \"/x/s\";",
                "\"metrics_file\" is the socket; it must be a file of its own"},
        Mistake{"metrics_interval = 0;",
                "\"metrics_interval\" is 0; it must be a whole number from 1 to 3600"},
        Mistake{"metrics_interval = 3601;",
                "\"metrics_interval\" is 3601; it must be a whole number from 1 to 3600"},
        Mistake{"metrics_domains = -1;",
                "\"metrics_domains\" is -1; it must be a whole number from 0 to 10000"},
        Mistake{"metrics_domains = 10001;",
                "\"metrics_domains\" is 10001; it must be a whole number from 0 to 10000"}));

INSTANTIATE_TEST_SUITE_P(
    Signing, ConfigMistake,
    testing::Values(
        Mistake{"key_directory = \"keys\";",
                "\"key_directory\" is not an absolute path; it must begin with /"},
        Mistake{"canonicalization = \"relaxed\\\\simple\";",
                "\"canonicalization\" is unknown; relaxed/relaxed, relaxed/simple, simple/relaxed or "
                "simple/simple"},
        Mistake{"expiration = -1;", "\"expiration\" is -1; it must be a whole number from 0 to 316224000"},
        Mistake{"expiration = 316224001;",
                "\"expiration\" is 316224001; it must be a whole number from 0 to 316224000"},
        Mistake{
            "macros = ( { name = \"j\"; values = ( \"\" ); } );",
            "\"values\" has an empty one, which no message matches; a macro without a value marks nothing"},
        Mistake{"socket = \"unix:/run/d/\";",
                "\"socket\" is the path of a directory; unix:/absolute/path, inet:PORT@ADDRESS or "
                "inet6:PORT@ADDRESS"},
        Mistake{"socket = \"inet:8891@::1\";",
                "\"socket\" has an address of the other family; inet: is for IPv4 and inet6: for IPv6"},
        Mistake{
            "socket_mode = \"0440\";",
            "\"socket_mode\" lets nobody write, and so nobody connect; 0660 is for the owner and the group"},
        Mistake{"metrics_file = \"/run/\";",
                "\"metrics_file\" is the path of a directory; it must name a file"},
        Mistake{"expiration = 1.5;",
                "\"expiration\" is a number with a fraction; it must be a whole number "
                "from 0 to 316224000"},
        Mistake{
            "rotation = { notify = \"a, b\"; };",
            "\"notify\" is not one plain address: a name may have letters, digits and . _ + = -; for example "
            "\"root\" or \"postmaster@example.com\"; \"\" sends no mail"},
        Mistake{"rotation = { sendmail = \"sendmail\"; };",
                "\"sendmail\" is not an absolute path; it must begin with /"},
        Mistake{"signed_headers = ( \"-From\" );",
                "signed_headers: From is always signed (RFC 6376 section 5.4); names of header fields, or "
                "+Name and -Name to change the default list"},
        Mistake{"oversigned_headers = ( \"a b\" );",
                "oversigned_headers: not a header field name; names of header fields, or +Name and -Name to "
                "change the default list"},
        Mistake{"rules = ( { sender = \"news.example.com\"; domain = \"example.com\"; } );",
                "\"sender\" is without an @: *@example.com stands for a whole domain; a pattern of "
                "addresses, such as "
                "*@news.example.com"},
        Mistake{"rules = ( { sender = \"*@x\"; domain = \"a..b\"; } );",
                "\"domain\" is an empty label; the domain to sign as, such as example.com"},
        Mistake{"rules = ( { sender = \"*@x\"; } );", "\"domain\" is missing; it must be given here"},
        Mistake{"rules = ( { sender = \"*@x\"; domain = \"example.com\"; selectors = ( \"a/b\" ); } );",
                "the selector is a byte other than letters, digits, - and _; labels of letters, digits, - "
                "and _, joined by dots"},
        Mistake{"rules = ( { sender = \"*@x\"; domain = \"example.com\"; selector = \"s\"; } );",
                "unknown setting \"selector\"; known here: domain, selectors, sender, sign"}));

TEST(ConfigErrors, AnUnknownSettingIsNeverIgnored) {
  EXPECT_EQ(
      error_of("\nsokcet = \"unix:/s\";\n"),
      "test.conf:2: unknown setting \"sokcet\"; known here: also_sign, canonicalization, domains, "
      "expiration, fleet, key_directory, log, log_level, logins, macros, metrics_domains, metrics_file, "
      "metrics_interval, on_error, on_foreign_author, on_malformed, oversigned_headers, publish, rotation, "
      "rules, sign_authenticated, signed_headers, slot_target, socket, socket_mode, trusted_networks");
}

TEST(ConfigErrors, NameTheLineOfTheEntryInAList) {
  // libconfig gives a text the line of the token after it: here the comma, on the same line.
  EXPECT_EQ(
      error_of("trusted_networks = (\n  \"127.0.0.0/8\",\n  \"10.0.0.1/8\",\n  \"::1\"\n);\n").substr(0, 12),
      "test.conf:3:");
  EXPECT_EQ(error_of("signed_headers = (\n  \"+X-A\",\n  \"+X:B\",\n  \"+X-C\"\n);\n").substr(0, 12),
            "test.conf:3:");
}

TEST(ConfigErrors, NameTheLineOfASyntaxError) {
  EXPECT_EQ(error_of("log = \"stderr\";\nsocket = ;\n"),
            "test.conf:2: syntax error; the form is: name = value;");
  EXPECT_EQ(error_of("log = \"stderr\";\nlog = \"stderr\";\n"),
            "test.conf:2: duplicate setting name; the form is: name = value;");
  EXPECT_EQ(error_of(std::string_view("log = \"stderr\";\0 socket = 7;", 28)),
            "test.conf:1: a NUL byte in the text; the file is damaged");
}

TEST(ConfigErrors, NameTheFileThatCannotBeRead) {
  const test::TemporaryDirectory directory;
  const auto error_of_file = [](const std::filesystem::path& path) -> std::string {
    try {
      read_config({path, crypto::ConfigurationFile::IfMissing::fail});
      return "no error";
    } catch (const crypto::SettingsError& error) {
      return error.what();
    }
  };
  EXPECT_EQ(error_of_file(directory.path() / "missing.conf"),
            (directory.path() / "missing.conf").string() +
                ": cannot be read; check that it exists and its permissions");
  // A mistake in an included file is reported with that file.
  test::write_file(directory.path() / "a.conf", "@include \"b.conf\"\n");
  test::write_file(directory.path() / "b.conf", "\n\nlog = 1;\n");
  EXPECT_NE(error_of_file(directory.path() / "a.conf").find("b.conf:3: \"log\" is a number"),
            std::string::npos)
      << error_of_file(directory.path() / "a.conf");
}

// If a file that cannot be read meant the defaults, other mail would be signed with other keys.
TEST(ConfigErrors, OnlyAMissingFileMeansTheDefaults) {
  const test::TemporaryDirectory directory;
  const auto path = directory.path() / "a.conf";
  EXPECT_EQ(config_text(read_config({path})), config_text(Config()));
  EXPECT_EQ(config_text(read_config({directory.path() / "none" / "a.conf"})), config_text(Config()));
  std::filesystem::create_symlink("nowhere", path);
  EXPECT_THROW(read_config({path}), crypto::SettingsError);
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  EXPECT_THROW(read_config({path}), crypto::SettingsError);
  std::filesystem::remove(path);
  if (geteuid() == 0) {
    ASSERT_EQ(seteuid(12345), 0);
  }
  const auto hidden = test::message_of<crypto::SettingsError>([&] { read_config({path}); });
  ASSERT_EQ(seteuid(getuid()), 0);
  if (getuid() == 0) {
    EXPECT_NE(hidden.find("Permission denied"), std::string::npos) << hidden;
  }
}

}  // namespace
}  // namespace dkim::milter
