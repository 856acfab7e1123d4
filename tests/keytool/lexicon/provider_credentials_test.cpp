// Credentials of a provider: what a file may say, and that no text of ours shows them.
#include "keytool/lexicon/provider_credentials.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <string>
#include <vector>

#include "crypto/base64.hpp"
#include "crypto/error.hpp"
#include "tests/crypto/test_store.hpp"

namespace dkim::keytool {
namespace {

std::vector<std::string> variables_of(std::string_view text) {
  std::vector<std::string> variables;
  const auto credentials = ProviderCredentials::parse(text, "hetzner");
  for (const auto& variable : credentials.variables())
    variables.emplace_back(crypto::view(variable));
  return variables;
}

std::string mistake_in(std::string_view text) {
  try {
    ProviderCredentials::parse(text, "hetzner");
  } catch (const crypto::KeyFileError& error) {
    return error.what();
  }
  return "none";
}

TEST(ProviderCredentials, reads_what_systemd_would) {
  const std::vector<std::string> expected{
      "LEXICON_HETZNER_A=plain value",   "LEXICON_HETZNER_B=in \"quotes\" # $x",
      "LEXICON_HETZNER_C=back\\slash\"", "LEXICON_HETZNER_D=a=b;c\\d",
      "HTTPS_PROXY=http://proxy:3128",   "LEXICON_HETZNER_E=\xc3\xa4"};
  EXPECT_EQ(variables_of("# comment\n; another\n\n"
                         "LEXICON_HETZNER_A=plain value  \r\n"
                         "LEXICON_HETZNER_B=\"in \\\"quotes\\\" # \\$x\"\n"
                         "  LEXICON_HETZNER_C = 'back\\slash\"'\n"
                         "LEXICON_HETZNER_D=a=b;c\\\\d\n"
                         "HTTPS_PROXY=http://proxy:3128\n"
                         "LEXICON_HETZNER_E=\xc3\xa4"),
            expected);
}

TEST(ProviderCredentials, names_the_line_and_never_the_value) {
  const std::string good = "LEXICON_HETZNER_AUTH_TOKEN=hidden-value\n";
  const struct {
    std::string text;
    std::string words;
  } cases[] = {
      {"", "no variable whose name begins with LEXICON_HETZNER_"},
      {"HTTPS_PROXY=http://hidden-value\n", "no variable whose name begins with LEXICON_HETZNER_"},
      {good + "hidden-value\n", "line 2 is not of the form NAME=value"},
      {good + "=hidden-value\n", "line 2 is not of the form NAME=value"},
      {good + "export LEXICON_HETZNER_X=hidden-value\n", "line 2 begins with \"export\""},
      {good + good, "line 2 sets LEXICON_HETZNER_AUTH_TOKEN for a second time"},
      {"LEXICON_OVH_AUTH_TOKEN=hidden-value\n", "line 1 sets LEXICON_OVH_AUTH_TOKEN"},
      {"LD_PRELOAD=/hidden-value\n" + good, "line 1 sets LD_PRELOAD"},
      {"LEXICON_HETZNER_=hidden-value\n", "line 1 sets LEXICON_HETZNER_:"},
      {"LEXICON_TTL=hidden-value\n", "line 1 sets LEXICON_TTL"},
      {"LEXICON_HETZNER_A=\"hidden-value\n", "line 1 has a quotation mark without its second"},
      {"LEXICON_HETZNER_A='hidden-value' x\n", "line 1 has text after the closing quotation mark"},
      {"LEXICON_HETZNER_A=hidden-value\\\n", "line 1 ends with a backslash"},
      {"LEXICON_HETZNER_A=\n", "line 1 gives no value"},
      {"LEXICON_HETZNER_A=\"\"\n", "line 1 gives no value"},
      {std::string("LEXICON_HETZNER_A=hidden-value\0x\n", 33), "line 1 has a control character"},
      {"LEXICON_HETZNER_A=hidden-value\x1b[31m\n", "line 1 has a control character"},
  };
  for (const auto& [text, words] : cases) {
    const std::string said = mistake_in(text);
    EXPECT_NE(said.find(words), std::string::npos) << said;
    EXPECT_EQ(said.find("hidden-value"), std::string::npos) << said;
  }
}

TEST(ProviderCredentials, bounds_the_number_of_variables) {
  std::string text;
  for (int i = 0; i < 65; ++i)
    text += "LEXICON_HETZNER_" + std::to_string(i) + "=value\n";
  EXPECT_NE(mistake_in(text).find("more than the 64 variables"), std::string::npos);
}

TEST(ProviderCredentials, hides_a_value_however_it_is_written) {
  const std::string user = "us er@home";
  const std::string token = "tok/en+\\\"'%&";
  const auto credentials = ProviderCredentials::parse(
      "LEXICON_HETZNER_USER='" + user + "'\nLEXICON_HETZNER_TOKEN=\"tok/en+\\\\\\\"'%&\"\n", "hetzner");
  const auto base64 = [](const std::string& text) {
    return crypto::base64_encode(std::vector<unsigned char>(text.begin(), text.end()));
  };
  for (const auto& form :
       {token, std::string("tok%2Fen%2B%5C%22%27%25%26"), std::string("tok%2fen%2b%5c%22%27%25%26"),
        std::string("tok/en%2B%5C%22%27%25%26"), std::string("tok/en+%5C%22'%25&"),
        std::string("tok/en+\\\\\\\"'%&"), std::string("tok/en+\\\\\"\\'%&"), base64(token),
        base64(user + ":" + token), std::string("us+er%40home"), std::string("us%20er%40home")}) {
    const std::string said = credentials.hide_in("for url: x?key=" + form + " " + form + ", sorry");
    EXPECT_EQ(said.find(form), std::string::npos) << said;
    EXPECT_TRUE(said.starts_with("for url: x?key=[hidden]")) << said;
    EXPECT_NE(said.find(", sorry"), std::string::npos) << said;
  }
  EXPECT_EQ(credentials.hide_in("nothing here"), "nothing here");
}

TEST(ProviderCredentials, hides_a_value_as_other_languages_write_it) {
  const std::string token =
      "s\xc3\xa4"
      "cret/\xf0\x9f\x94\x91<&>'\"";
  const auto credentials = ProviderCredentials::parse(
      "LEXICON_HETZNER_USER=bob\nLEXICON_HETZNER_TOKEN=\"s\xc3\xa4"
      "cret/\xf0\x9f\x94\x91<&>'\\\"\"\n",
      "hetzner");
  for (const std::string form : {
           "s\\u00e4cret/\\ud83d\\udd11<&>'\\\"",    // JSON
           "s\\u00E4cret\\/\\uD83D\\uDD11<&>'\\\"",  // JSON of PHP
           "s\xc3\xa4"
           "cret\\/\xf0\x9f\x94\x91<&>'\\\"",               // JSON in UTF-8
           "s\\xc3\\xa4cret/\\xf0\\x9f\\x94\\x91<&>\\'\"",  // Python's bytes
           "s\xc3\xa4"
           "cret/\xf0\x9f\x94\x91&lt;&amp;&gt;&#39;&quot;",  // HTML
           "s\xc3\xa4"
           "cret/\xf0\x9f\x94\x91&lt;&amp;&gt;&apos;&quot;",  // XML
           "s\xc3\xa4"
           "cret/\xf0\x9f\x94\x91&lt;&amp;&gt;'\"",  // the text of an element
       }) {
    const std::string said = credentials.hide_in("{'x': '" + form + "'}");
    EXPECT_EQ(said, "{'x': '[hidden]'}");
  }
}

TEST(ProviderCredentials, hides_a_value_anywhere_in_base64) {
  const auto credentials =
      ProviderCredentials::parse("LEXICON_HETZNER_TOKEN=Tok3n-of-the-API?>\n", "hetzner");
  for (const std::string before : {"", "b:", "me:", "bob:", "robin:"}) {
    for (const std::string after : {"", ":", ":x", ":xyz"}) {
      const std::string text = before + "Tok3n-of-the-API?>" + after;
      auto base64 = crypto::base64_encode(std::vector<unsigned char>(text.begin(), text.end()));
      for (const bool for_urls : {false, true}) {
        if (for_urls) {
          std::replace(base64.begin(), base64.end(), '+', '-');
          std::replace(base64.begin(), base64.end(), '/', '_');
        }
        const std::string said = credentials.hide_in("Basic " + base64);
        EXPECT_NE(said.find("[hidden]"), std::string::npos) << text;
        // At most a few characters of what stands beside it are left.
        EXPECT_LE(said.size(),
                  std::string_view("Basic [hidden]").size() + 4 * (before.size() + after.size()) / 3 + 6)
            << text << ": " << said;
      }
    }
  }
}

TEST(ProviderCredentials, hides_a_value_that_is_a_part_of_another) {
  const auto credentials =
      ProviderCredentials::parse("LEXICON_HETZNER_A=secret\nLEXICON_HETZNER_B=secret-and-more\n", "hetzner");
  EXPECT_EQ(credentials.hide_in("secret-and-more secret"), "[hidden] [hidden]");
}

TEST(ProviderCredentials, shows_what_is_no_secret) {
  const auto credentials = ProviderCredentials::parse(
      "LEXICON_HETZNER_A=1\nLEXICON_HETZNER_B=https://api.example/v1\nLEXICON_HETZNER_C=https://"
      "u:pw@api.example\n",
      "hetzner");
  EXPECT_EQ(credentials.hide_in("1 https://api.example/v1 https://u:pw@api.example"),
            "1 https://api.example/v1 [hidden]");
}

TEST(ProviderCredentials, refuses_a_file_that_others_can_read) {
  const test::TemporaryDirectory directory;
  const auto path = directory.path() / "hetzner.env";
  std::ofstream(path) << "LEXICON_HETZNER_AUTH_TOKEN=value\n";
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  EXPECT_EQ(ProviderCredentials::read(path, "hetzner").variables().size(), 1U);
  for (const mode_t mode : {0604, 0602, 0620}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    EXPECT_THROW(ProviderCredentials::read(path, "hetzner"), crypto::KeyFileError) << mode;
  }
  EXPECT_THROW(ProviderCredentials::read(directory.path() / "missing", "hetzner"), crypto::KeyFileError);
}

}  // namespace
}  // namespace dkim::keytool
