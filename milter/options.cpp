#include "milter/options.hpp"

#include <fmt/format.h>

#include <boost/program_options.hpp>
#include <sstream>

#include "crypto/error.hpp"
#include "crypto/settings/places.hpp"

namespace dkim::milter {
namespace {

namespace po = boost::program_options;

po::options_description described_options() {
  const auto about_config = fmt::format(
      "read this configuration file (default {}; if that is missing, every setting has its default)",
      crypto::default_configuration_file);
  po::options_description description("Options");
  description.add_options()                                                                          //
      ("config,c", po::value<std::string>()->value_name("FILE"), about_config.c_str())               //
      ("check", "read the configuration and every key, print what is wrong, exit 1 if anything is")  //
      ("probe", "negotiate with the daemon that runs, exit 1 if it does not answer")                 //
      ("print-config", "print all settings with the values in effect, as a configuration file")      //
      ("version", "print the version")                                                               //
      ("help", "print this help");
  return description;
}

}  // namespace

Options parse_options(int argc, const char* const* argv) {
  Options options;
  const auto description = described_options();
  po::variables_map values;
  try {
    po::store(po::command_line_parser(argc, argv).options(description).positional({}).run(), values);
    po::notify(values);
  } catch (const po::error& error) {
    throw crypto::SettingsError(fmt::format("{}; see dkimsignd --help", error.what()));
  }
  // A string until here: Boost would take quotes in a path for its own, and end the path at a space.
  if (values.count("config") > 0)
    options.config_file = crypto::configuration_file(values["config"].as<std::string>());
  using Action = Options::Action;
  if (values.count("print-config") > 0) options.action = Action::print_config;
  if (values.count("probe") > 0) options.action = Action::probe;
  if (values.count("check") > 0) options.action = Action::check;
  if (values.count("version") > 0) options.action = Action::show_version;
  if (values.count("help") > 0) options.action = Action::show_help;
  return options;
}

std::string help_text() {
  std::ostringstream out;
  out << R"(dkimsignd - signs the mail that leaves Postfix (DKIM, RFC 6376 and RFC 8463)

Examples:
  dkimsignd --check                     check everything before Postfix depends on it
  dkimsignd                             run, as a service manager starts it
  dkimsignd --config test.conf --check  try another configuration
  dkimsignd --probe                     see whether the daemon answers, as a container's health check
  kill -USR1 PID                        reload the configuration: all of it or, if it has a mistake, none of it

In Postfix's main.cf (the path is relative to its queue directory):
  smtpd_milters     = unix:dkimsignd/dkimsignd.sock
  non_smtpd_milters = unix:dkimsignd/dkimsignd.sock

)" << described_options()
      << R"(
dkimsignd runs in the foreground and tells a service manager when it is ready (Type=notify).
SIGTERM finishes the messages in flight.
Make keys with dkimkey(8); dkimsignd notices new and changed keys without a signal.

Exit status: 0 success, 1 a problem was found, or the daemon could not run or does not answer, 2 usage or configuration.

Files:
)"
      << fmt::format("  {:<31} the settings; each has a default, so the file may be empty or missing\n",
                     crypto::default_configuration_file)
      << fmt::format("  {:<31} the key directory\n", fmt::format("{}/", crypto::default_key_directory));
  return out.str();
}

}  // namespace dkim::milter
