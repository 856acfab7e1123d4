#include "keytool/cli/command_line.hpp"

#include <fmt/format.h>

#include <iostream>

#include "keytool/cli/configuration.hpp"
#include "keytool/cli/errors.hpp"

namespace po = boost::program_options;

namespace dkim::keytool {
namespace {

constexpr unsigned help_width = 100;
constexpr unsigned description_width = 60;

// A guessed option ("--sel" for --selector) would change its meaning with the next option that begins alike.
constexpr int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;

}  // namespace

std::optional<bool> ParsedOptions::choice(const std::string& name) const {
  const bool yes = has(name);
  const bool no = has("no" + name);
  if (yes && no) throw UsageError(fmt::format("--{0} and --no{0} contradict each other", name));
  if (!yes && !no) return std::nullopt;
  return yes;
}

CommandLine::CommandLine(std::string_view subcommand, HelpText help)
    : subcommand_(subcommand),
      help_(help),
      own_("Options", help_width, description_width),
      common_("Common options", help_width, description_width) {
  add_common_options(common_);
  common_.add_options()("help", "show this text and exit");
}

void CommandLine::add_positional(const char* name, const char* what) {
  hidden_.add_options()(name, po::value<std::string>(), what);
  positional_.add(name, 1);
}

std::optional<ParsedOptions> CommandLine::parse(const Arguments& arguments) {
  po::options_description all;
  all.add(own_).add(common_).add(hidden_);
  try {
    po::variables_map values;
    po::store(po::command_line_parser(arguments).options(all).positional(positional_).style(style).run(),
              values);
    if (values.count("help") != 0) {
      std::cout << help_.before << '\n';
      if (!own_.options().empty()) std::cout << own_ << '\n';
      std::cout << common_ << '\n' << help_.after;
      return std::nullopt;
    }
    return ParsedOptions(std::move(values));
  } catch (const po::error& error) {
    throw UsageError(fmt::format("{}; see: dkimkey {} --help", error.what(), subcommand_));
  }
}

po::typed_value<std::string>* value_text(const char* shown_as) {
  return po::value<std::string>()->value_name(shown_as);
}

po::typed_value<std::vector<std::string>>* value_texts(const char* shown_as) {
  return po::value<std::vector<std::string>>()->value_name(shown_as);
}

po::typed_value<int>* value_number(const char* shown_as) {
  return po::value<int>()->value_name(shown_as);
}

}  // namespace dkim::keytool
