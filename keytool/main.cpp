// dkimkey, the key tool of dkimsignd. This file has the table of subcommands and the one place that turns
// exceptions into exit codes; each subcommand is a file in keytool/commands/.
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <exception>
#include <iostream>

#include "keytool/cli/errors.hpp"
#include "keytool/cli/subcommand_table.hpp"
#include "keytool/output/terminal_text.hpp"

namespace {

using dkim::keytool::Arguments;
using dkim::keytool::ExitCode;
using dkim::keytool::Subcommand;

constexpr std::array subcommands{
    Subcommand{"generate", "make a key and its DNS record", dkim::keytool::generate},
    Subcommand{"list", "list every domain and key, with its state and age", dkim::keytool::list},
    Subcommand{"show", "print a key's DNS record, in the form you need", dkim::keytool::show},
    Subcommand{"check", "check that each key's record is in DNS, on every server", dkim::keytool::check},
    Subcommand{"check-publish", "prove that records can be published, without touching a key's",
               dkim::keytool::check_publish},
    Subcommand{"activate", "sign with a pending key, once its record is in DNS", dkim::keytool::activate},
    Subcommand{"rotate", "replace keys without a gap, as far as DNS and time allow", dkim::keytool::rotate},
    Subcommand{"revoke", "make a key void at once", dkim::keytool::revoke},
    Subcommand{"import", "take over the keys and settings of OpenDKIM, rspamd or amavisd",
               dkim::keytool::import_keys},
    Subcommand{"sign", "sign a message as the daemon would", dkim::keytool::sign},
    Subcommand{"verify", "verify a message's signatures as a receiver would", dkim::keytool::verify},
    Subcommand{"explain", "say whether mail from an address would be signed, and why",
               dkim::keytool::explain},
    Subcommand{"doctor", "find what is wrong between Postfix and the receiver, and what to do",
               dkim::keytool::doctor},
    Subcommand{"fleet", "keep the keys of several machines in one database", dkim::keytool::fleet_command},
};

void print_help() {
  std::cout << R"(Usage: dkimkey [--config FILE] [--directory DIR] SUBCOMMAND [OPTIONS]

Examples:
  dkimkey generate --domain example.com --selector server
  dkimkey activate --domain example.com
  dkimkey rotate --due --all
  dkimkey explain alerts@server.example.com

Makes the keys that dkimsignd signs mail with, looks after their DNS records, replaces them without a gap, and says
what the daemon would do.

Subcommands:
)";
  std::cout << dkim::keytool::subcommand_lines(subcommands);
  std::cout << R"(
"dkimkey SUBCOMMAND --help" describes a subcommand. "dkimkey --version" prints the version.

Results go to standard output, everything else to standard error; private keys go to neither.

Exit codes: 0 done, 1 a problem found, 2 wrong usage or configuration, 3 waiting for DNS or a person.
)";
}

ExitCode run(const std::vector<std::string>& words) {
  const std::size_t position = dkim::keytool::subcommand_position(words);
  const Arguments arguments(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(position));
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
  return dkim::keytool::run_subcommand(subcommands, words, position, "dkimkey");
}

// Private keys pass through this process's memory: neither a core file nor another process may see it. The
// programs that it runs, which may have credentials, inherit the limit: with 1 byte the kernel writes no core
// file and starts no collector of cores either, which 0 would not keep it from (fs/coredump.c).
void keep_memory_private() {
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  const rlimit least{1, 1};
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_CORE, &least) != 0) setrlimit(RLIMIT_CORE, &none);
}

// Prints an empty array after a fault, so that a program that asked for JSON can always parse standard
// output: subcommands print only when they have everything, or report the faults of single domains
// themselves. A wrong command line gets no JSON.
void print_promised_json(const std::vector<std::string>& words) {
  if (std::find(words.begin(), words.end(), "--json") != words.end()) std::cout << "[]\n" << std::flush;
}

ExitCode report(ExitCode code, std::string_view message) {
  std::cerr << fmt::format("dkimkey: {}\n", dkim::keytool::terminal_text(message));
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
    print_promised_json(words);
    return report(ExitCode::usage, error.what());
  } catch (const std::bad_alloc&) {
    print_promised_json(words);
    return report(ExitCode::problem, "out of memory");
  } catch (const std::exception& error) {
    print_promised_json(words);
    return report(ExitCode::problem, error.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  keep_memory_private();
  return static_cast<int>(guarded_run({argv + 1, argv + argc}));
}
