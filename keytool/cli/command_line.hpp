// One subcommand's command line, by Boost.Program_options: its options and its --help.
//
// Made by each subcommand. What cannot be parsed is a UsageError.
#pragma once

#include <boost/program_options.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keytool/cli/subcommands.hpp"

namespace dkim::keytool {

// What --help says around the list of options.
struct HelpText {
  std::string_view before;  // the usage line, examples, what the command does
  std::string_view after;   // what else is to know, exit codes
};

// The parsed command line, with what subcommands ask of it.
class ParsedOptions {
 public:
  explicit ParsedOptions(boost::program_options::variables_map values) : values_(std::move(values)) {}

  bool has(const std::string& name) const { return values_.count(name) != 0; }
  std::optional<std::string> text(const std::string& name) const { return get<std::string>(name); }
  // All that were given, of an option that may be given more than once.
  std::vector<std::string> texts(const std::string& name) const {
    return get<std::vector<std::string>>(name).value_or(std::vector<std::string>{});
  }
  std::optional<int> number(const std::string& name) const { return get<int>(name); }
  // A yes/no pair "--NAME" and "--noNAME"; nothing if neither was given. Throws UsageError for both.
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

  // What the subcommand adds; shown before the common options.
  boost::program_options::options_description_easy_init add_options() { return own_.add_options(); }
  // A word without a dash, at most one.
  void add_positional(const char* name, const char* what);

  // Nothing if --help was asked for: it has then been printed.
  std::optional<ParsedOptions> parse(const Arguments& arguments);

 private:
  std::string_view subcommand_;
  HelpText help_;
  boost::program_options::options_description own_;
  boost::program_options::options_description common_;
  boost::program_options::options_description hidden_;
  boost::program_options::positional_options_description positional_;
};

// For options with a value: value_text("DOMAIN").
boost::program_options::typed_value<std::string>* value_text(const char* shown_as);
// The same for one that may be given more than once.
boost::program_options::typed_value<std::vector<std::string>>* value_texts(const char* shown_as);
boost::program_options::typed_value<int>* value_number(const char* shown_as);

}  // namespace dkim::keytool
