#include "milter/options.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <vector>

#include "crypto/error.hpp"

namespace dkim::milter {
namespace {

using IfMissing = crypto::ConfigurationFile::IfMissing;

Options parse(const std::vector<const char*>& arguments) {
  std::vector<const char*> argv{"dkimsignd"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return parse_options(static_cast<int>(argv.size()), argv.data());
}

TEST(Options, RunTheDaemonWithItsUsualFileByDefault) {
  const auto options = parse({});
  EXPECT_EQ(options.action, Options::Action::run);
  EXPECT_EQ(options.config_file.path, crypto::default_configuration_file);
  EXPECT_EQ(options.config_file.if_missing, IfMissing::use_defaults);
}

TEST(Options, NameTheFile) {
  for (const auto& options :
       {parse({"--config", "/x y.conf"}), parse({"--config=/x y.conf"}), parse({"-c", "/x y.conf"})}) {
    EXPECT_EQ(options.config_file.path, "/x y.conf");
    EXPECT_EQ(options.config_file.if_missing, IfMissing::fail);
  }
}

TEST(Options, ChooseWhatToDo) {
  EXPECT_EQ(parse({"--check"}).action, Options::Action::check);
  EXPECT_EQ(parse({"--probe"}).action, Options::Action::probe);
  EXPECT_EQ(parse({"--print-config"}).action, Options::Action::print_config);
  EXPECT_EQ(parse({"--version"}).action, Options::Action::show_version);
  EXPECT_EQ(parse({"--help"}).action, Options::Action::show_help);
  EXPECT_EQ(parse({"--check", "--config", "/x"}).config_file.path, "/x");
  EXPECT_EQ(parse({"--check", "--help"}).action, Options::Action::show_help);
}

TEST(Options, RefuseUnknownArguments) {
  for (const auto& arguments : std::vector<std::vector<const char*>>{{"--unknown"},
                                                                     {"-x"},
                                                                     {"word"},
                                                                     {"--check", "word"},
                                                                     {"--config"},
                                                                     {"--config", "/a", "--config", "/b"},
                                                                     {"--check=yes"}}) {
    try {
      parse(arguments);
      ADD_FAILURE() << "accepted: " << *arguments.begin();
    } catch (const crypto::SettingsError& error) {
      EXPECT_NE(std::string(error.what()).find("; see dkimsignd --help"), std::string::npos) << error.what();
    }
  }
}

TEST(Options, HelpNamesEveryOption) {
  const std::string help = help_text();
  for (const char* option :
       {"--config", "--check", "--probe", "--print-config", "--version", "--help", "USR1"})
    EXPECT_NE(help.find(option), std::string::npos) << option;
  EXPECT_LT(help.find("Examples:"), help.find("Options"));
}

}  // namespace
}  // namespace dkim::milter
