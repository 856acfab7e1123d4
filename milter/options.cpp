#include "milter/options.hpp"

#include <boost/program_options.hpp>
#include <sstream>

#include "crypto/error.hpp"

namespace dkim::milter {
namespace {

namespace po = boost::program_options;

po::options_description described_options() {
  po::options_description description("Options");
  description.add_options()                                                                            //
      ("config,c", po::value<std::string>()->value_name("FILE"),                                       //
       "the configuration; /etc/dkimsignd/dkimsignd.conf, or the defaults where that does not exist")  //
      ("check", "read the configuration and every key, say what is wrong, exit 1 if anything is")      //
      ("print-config", "print all settings with the values in effect, as a configuration file")        //
      ("version", "print the version")                                                                 //
      ("help", "print this");
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
    throw crypto::SettingsError(std::string(error.what()) + "; see dkimsignd --help");
  }
  options.config_named = values.count("config") > 0;
  // As a string until here: Boost reads a path with quotes and ends it at a space.
  if (options.config_named) options.config_file = values["config"].as<std::string>();
  using Action = Options::Action;
  if (values.count("print-config") > 0) options.action = Action::print_config;
  if (values.count("check") > 0) options.action = Action::check;
  if (values.count("version") > 0) options.action = Action::show_version;
  if (values.count("help") > 0) options.action = Action::show_help;
  return options;
}

std::string help_text() {
  std::ostringstream out;
  out << R"(dkimsignd - signs the mail that leaves Postfix (DKIM, RFC 6376 and RFC 8463)

Examples:
  dkimsignd --check                     is everything right, before Postfix depends on it?
  dkimsignd                             run, as a service manager would start it
  dkimsignd --config test.conf --check  try another configuration
  kill -USR1 PID                        read the configuration again: all of it or, if it has a mistake, none

In Postfix's main.cf (the path is seen from inside its chroot):
  smtpd_milters     = unix:dkimsignd/dkimsignd.sock
  non_smtpd_milters = unix:dkimsignd/dkimsignd.sock

)" << described_options()
      << R"(
Runs in the foreground and tells a service manager when it is ready (Type=notify). SIGTERM finishes the
messages in flight. Keys are made by dkimkey(8); new and changed keys are seen without a signal.

Exit status: 0 done, 1 a problem found or the daemon could not run, 2 usage or configuration.

Files:
  /etc/dkimsignd/dkimsignd.conf   settings; each has a default, the file may be empty or missing
  /etc/dkimsignd/keys/            the key store
)";
  return out.str();
}

}  // namespace dkim::milter
