// dkimkey doctor: walks the chain from Postfix to the receiver and says what is not right yet. Here is the
// command line; what is looked at, and in which order, is in doctor/examination.
#include <algorithm>
#include <iostream>

#include "canon/special_networks.hpp"
#include "keytool/cli/configuration.hpp"
#include "keytool/cli/dns_options.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/cli/pick_domain.hpp"
#include "keytool/cli/subcommands.hpp"
#include "keytool/doctor/examination.hpp"
#include "keytool/doctor/findings/report.hpp"
#include "keytool/doctor/host/configuration_check.hpp"
#include "keytool/output/shell_word.hpp"

namespace dkim::keytool {
namespace {

constexpr HelpText help{
    R"(Usage: dkimkey doctor [OPTIONS] [DOMAIN]

Examples:
  sudo dkimkey doctor
      everything, for each domain of the key store
  sudo dkimkey doctor example.com --address 192.0.2.25
      one domain; mail leaves from this address, as others see it
  sudo dkimkey doctor --local
      without a question to DNS
  sudo dkimkey doctor --json
      for a program

Walks the chain: configuration and key store, the daemon's socket and Postfix's way to it, Postfix's
settings, and what DNS says of the domain. Says of each link what is wrong with it and what to do, the
most important first:
  broken    mail is not signed, or receivers refuse it or see a broken signature
  risk      works today; breaks for some messages or receivers, or soon
  unknown   could not be found out from here
  note      right for most: a choice, or something that has no effect; or some mail goes without a
            signature that holds
  good
It changes nothing. As root it tries the socket as Postfix does: in its chroot, as its user.
)",
    R"(Objects of --json have severity, topic, subject, what, advice and paste (lines to paste); advice and paste
may be null.

Exit codes: 0 nothing is broken or at risk, 1 something is, 2 wrong usage, 3 something could not be found
out.
)"};

ExaminationRequest read_request(const ParsedOptions& options) {
  ExaminationRequest request;
  if (const auto domain = options.text("domain")) request.domain = parse_domain(*domain);
  request.addresses = options.texts("address");
  for (const auto& address : request.addresses) {
    const auto parsed = canon::IpAddress::parse(address);
    if (!parsed) throw UsageError("--address is no IP address: \"" + address + "\"");
    if (special_use(*parsed) == canon::SpecialUse::local)
      throw UsageError("--address " + address + " is of a private network: name the one that others see");
  }
  request.configuration_file = options.text("config");
  request.postfix_directory = options.text("postfix-config").value_or("");
  request.ask_dns = !options.has("local");
  request.dns = read_dns_options(options);
  return request;
}

// Where the socket and the keys are is in there: nothing else can be looked at.
Findings unusable_configuration(const ExaminationRequest& request, const ConfigurationError& error) {
  auto findings = check_configuration(request.configuration_file, ConfigurationCheck::file_alone);
  const bool said = std::any_of(findings.begin(), findings.end(),
                                [](const auto& finding) { return finding.severity == Severity::broken; });
  if (said) return findings;
  return {{Severity::broken,
           "configuration",
           request.configuration_file.value_or(default_configuration_file),
           error.what(),
           "",
           {}}};
}

Findings find_out(const ParsedOptions& options) {
  const auto request = read_request(options);
  Configuration configuration;
  try {
    configuration = read_configuration(options);
  } catch (const ConfigurationError& error) {
    return unusable_configuration(request, error);
  }
  return examine(request, configuration);
}

// So that what is pasted is about the same configuration and store.
void name_the_same_store(Findings& findings, const ParsedOptions& options) {
  std::string names;
  for (const auto* option : {"config", "directory"}) {
    if (const auto value = options.text(option))
      names += " --" + std::string(option) + " " + shell_word(*value);
  }
  for (auto& finding : findings) {
    for (auto& line : finding.paste) {
      if (line.starts_with("dkimkey ")) line += names;
    }
  }
}

}  // namespace

ExitCode doctor(const Arguments& arguments) {
  CommandLine command_line("doctor", help);
  command_line.add_options()                                                                              //
      ("json", "print an array of objects, a finding each")                                               //
      ("address", value_texts("ADDRESS"), "an address that this host's mail comes from; more than once")  //
      ("postfix-config", value_text("DIR"), "where Postfix's main.cf is, as postconf -c")                 //
      ("local", "ask DNS nothing");
  add_dns_options(command_line);
  command_line.add_positional("domain", "the domain");
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  auto findings = find_out(*options);
  name_the_same_store(findings, *options);
  sort_findings(findings);
  std::cout << (options->has("json") ? findings_json(findings) : findings_text(findings));
  return exit_code_of(findings);
}

}  // namespace dkim::keytool
