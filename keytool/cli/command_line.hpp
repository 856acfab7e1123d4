// Parses a subcommand's command line with Boost.Program_options, and prints its --help. A command line that
// cannot be parsed is a UsageError.
#pragma once

#include <boost/program_options.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keytool/cli/subcommands.hpp"

namespace dkim::keytool {

// The text of --help around the list of options.
struct HelpText {
  std::string_view before;  // the usage line, examples, what the command does
  std::string_view after;   // further details and the exit codes
};

// A parsed command line.
class ParsedOptions {
 public:
  explicit ParsedOptions(boost::program_options::variables_map values) : values_(std::move(values)) {}

  bool has(const std::string& name) const { return values_.count(name) != 0; }
  std::optional<std::string> text(const std::string& name) const { return get<std::string>(name); }
  // Returns all values of an option that may be given more than once.
  std::vector<std::string> texts(const std::string& name) const {
    return get<std::vector<std::string>>(name).value_or(std::vector<std::string>{});
  }
  std::optional<int> number(const std::string& name) const { return get<int>(name); }
  // Returns which of the pair "--NAME" and "--noNAME" was given, if any. Throws UsageError if both were.
  std::optional<bool> choice(const std::string& name) const;

 private:
  template <typename T>
  std::optional<T> get(const std::string& name) const {
    const auto& value = values_[name];
    return value.empty() ? std::nullopt : std::optional<T>(value.as<T>());
  }

  boost::program_options::variables_map values_;
};

class CommandLine {
 public:
  CommandLine(std::string_view subcommand, HelpText help);

  // Adds options of the subcommand, which --help shows before the common ones.
  boost::program_options::options_description_easy_init add_options() { return own_.add_options(); }
  // Adds an argument that is not an option, and may be given once.
  void add_positional(const char* name, const char* what);

  // Returns nothing if --help was given; the help has then been printed. Throws UsageError.
  std::optional<ParsedOptions> parse(const Arguments& arguments);

 private:
  std::string_view subcommand_;
  HelpText help_;
  boost::program_options::options_description own_;
  boost::program_options::options_description common_;
  boost::program_options::options_description hidden_;
  boost::program_options::positional_options_description positional_;
};

// The values of options, and what --help shows for them: value_text("DOMAIN").
boost::program_options::typed_value<std::string>* value_text(const char* shown_as);
// For an option that may be given more than once.
boost::program_options::typed_value<std::vector<std::string>>* value_texts(const char* shown_as);
boost::program_options::typed_value<int>* value_number(const char* shown_as);

}  // namespace dkim::keytool
