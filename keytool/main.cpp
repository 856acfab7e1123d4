// dkimkey: the keys of dkimsignd. Here are the table of subcommands and the one place that turns
// exceptions into exit codes; each subcommand is a file of its own.
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <exception>
#include <iomanip>
#include <iostream>
#include <span>

#include "keytool/cli/errors.hpp"
#include "keytool/cli/subcommands.hpp"
#include "keytool/output/terminal_text.hpp"

namespace {

using dkim::keytool::Arguments;
using dkim::keytool::ExitCode;

struct Subcommand {
  std::string_view name;
  std::string_view summary;
  ExitCode (*run)(const Arguments&);
};

constexpr std::array subcommands{
    Subcommand{"generate", "make a key and its DNS record", dkim::keytool::generate},
    Subcommand{"list", "every domain and key, with its state and age", dkim::keytool::list},
    Subcommand{"show", "a key's DNS record, in the form you need", dkim::keytool::show},
    Subcommand{"check", "is each key's record in DNS, on every server?", dkim::keytool::check},
    Subcommand{"activate", "sign with a pending key, once its record is in DNS", dkim::keytool::activate},
    Subcommand{"rotate", "change keys without a gap, as far as DNS and time allow", dkim::keytool::rotate},
    Subcommand{"revoke", "make a key void at once", dkim::keytool::revoke},
    Subcommand{"import", "take over the keys and settings of OpenDKIM or rspamd", dkim::keytool::import_keys},
    Subcommand{"sign", "sign a message as the daemon would", dkim::keytool::sign},
    Subcommand{"verify", "judge a message's signatures as a receiver would", dkim::keytool::verify},
    Subcommand{"explain", "would mail of this address be signed? If not, why not?", dkim::keytool::explain},
    Subcommand{"doctor", "what is wrong between Postfix and the receiver, and what to do",
               dkim::keytool::doctor},
};

void print_help() {
  std::cout << R"(Usage: dkimkey [--config FILE] [--directory DIR] SUBCOMMAND [OPTIONS]

Examples:
  dkimkey generate --domain example.com --selector server
  dkimkey activate --domain example.com
  dkimkey rotate --due --all
  dkimkey explain alerts@server.example.com

Makes the keys that dkimsignd signs mail with, looks after their DNS records, changes them without a gap, and tells
what the daemon would do.

Subcommands:
)";
  for (const auto& subcommand : subcommands)
    std::cout << "  " << std::left << std::setw(12) << subcommand.name << subcommand.summary << '\n';
  std::cout << R"(
"dkimkey SUBCOMMAND --help" tells more of each. "dkimkey --version" prints the version.

Results go to standard output, talk to standard error; private keys to neither.

Exit codes: 0 done, 1 a problem found, 2 wrong usage or configuration, 3 waiting for DNS or a person.
)";
}

// The words before the subcommand are common options; those that take a value may have it in a word of its
// own.
std::size_t subcommand_position(std::span<const std::string> words) {
  std::size_t i = 0;
  while (i < words.size() && words[i].starts_with('-')) {
    const bool value_follows = words[i] == "--config" || words[i] == "--directory" || words[i] == "-D";
    i += value_follows ? 2 : 1;
  }
  return std::min(i, words.size());
}

ExitCode run(const std::vector<std::string>& words) {
  const std::size_t position = subcommand_position(words);
  Arguments arguments(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(position));
  const auto given = [&](std::string_view option) {
    return std::find(arguments.begin(), arguments.end(), option) != arguments.end();
  };
  if (given("--help")) {
    print_help();
    return ExitCode::done;
  }
  if (given("--version") || given("-V")) {
    std::cout << "dkimkey " DKIMSIGND_VERSION "\n";
    return ExitCode::done;
  }
  if (position == words.size()) throw dkim::keytool::UsageError("which subcommand? See: dkimkey --help");
  const auto* subcommand = std::find_if(subcommands.begin(), subcommands.end(),
                                        [&](const auto& entry) { return entry.name == words[position]; });
  if (subcommand == subcommands.end()) {
    throw dkim::keytool::UsageError("there is no subcommand \"" + words[position] +
                                    "\"; see: dkimkey --help");
  }
  arguments.insert(arguments.end(), words.begin() + static_cast<std::ptrdiff_t>(position) + 1, words.end());
  return subcommand->run(arguments);
}

// Private keys pass through this process's memory: neither a core file nor another process is to see it.
void keep_memory_private() {
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

// A program that asked for JSON can read standard output whatever went wrong: subcommands print only when
// they have all of it, or report the errors of single domains themselves. A wrong command line promises
// nothing.
void keep_promise_of_json(const std::vector<std::string>& words) {
  if (std::find(words.begin(), words.end(), "--json") != words.end()) std::cout << "[]\n" << std::flush;
}

ExitCode report(ExitCode code, std::string_view message) {
  std::cerr << "dkimkey: " << dkim::keytool::terminal_text(message) << '\n';
  return code;
}

ExitCode guarded_run(const std::vector<std::string>& words) {
  try {
    const ExitCode code = run(words);
    // A full disk behind standard output shows here at the latest.
    if (!std::cout.flush()) return report(ExitCode::problem, "cannot write to standard output");
    return code;
  } catch (const dkim::keytool::UsageError& error) {
    return report(ExitCode::usage, error.what());
  } catch (const dkim::keytool::ConfigurationError& error) {
    keep_promise_of_json(words);
    return report(ExitCode::usage, error.what());
  } catch (const std::bad_alloc&) {
    keep_promise_of_json(words);
    return report(ExitCode::problem, "out of memory");
  } catch (const std::exception& error) {
    keep_promise_of_json(words);
    return report(ExitCode::problem, error.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  keep_memory_private();
  return static_cast<int>(guarded_run({argv + 1, argv + argc}));
}
