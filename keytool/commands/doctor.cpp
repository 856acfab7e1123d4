// dkimkey doctor: examines the chain from Postfix to the receiver and says what is wrong with it. This file
// has the command line; keytool/doctor/examination.cpp has what is examined, and in which order.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "canon/special_networks.hpp"
#include "keytool/cli/configuration.hpp"
#include "keytool/cli/dns_options.hpp"
#include "keytool/cli/errors.hpp"
#include "keytool/cli/pick_domain.hpp"
#include "keytool/cli/subcommands.hpp"
#include "keytool/commands/fleet_facts.hpp"
#include "keytool/doctor/examination.hpp"
#include "keytool/doctor/findings/report.hpp"
#include "keytool/doctor/host/configuration_check.hpp"
#include "keytool/keys/copy_view.hpp"
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
      without asking DNS
  sudo dkimkey doctor --json
      for a program

Examines the configuration and the key store, the daemon's socket and Postfix's way to it, Postfix's settings,
and the domain's records in DNS. Says of each what is wrong and what to do, the most important first:
  broken    mail is not signed, or receivers refuse it or see a broken signature
  risk      works today; breaks for some messages or receivers, or soon
  unknown   could not be determined from here
  note      a choice that is right for most, or a setting without effect; or some mail goes without a
            signature that holds
  good
It changes nothing. As root it tries the socket as Postfix does: in its chroot, as its user.
)",
    R"(Objects of --json have severity, topic, subject, what, advice and paste (lines to paste); advice and paste
may be null.

Exit codes: 0 nothing is broken or at risk, 1 something is, 2 wrong usage, 3 something could not be
determined.
)"};

ExaminationRequest read_request(const ParsedOptions& options) {
  ExaminationRequest request;
  if (const auto domain = options.text("domain")) request.domain = parse_domain(*domain);
  for (const auto& address : options.texts("address")) {
    const auto parsed = canon::IpAddress::parse(address);
    if (!parsed) throw UsageError(fmt::format("--address is not an IP address: \"{}\"", address));
    if (special_use(*parsed) == canon::SpecialUse::local) {
      throw UsageError(
          fmt::format("--address {} is in a private network: give the address that others see", address));
    }
    request.addresses.push_back(*parsed);
  }
  request.configuration_file = options.text("config");
  request.postfix_directory = options.text("postfix-config").value_or("");
  request.ask_dns = !options.has("local");
  request.dns = read_dns_options(options);
  return request;
}

// Nothing else can be examined: the configuration says where the socket and the keys are.
Findings unusable_configuration(const ExaminationRequest& request, const ConfigurationError& error) {
  auto findings = check_configuration(request.configuration_file, ConfigurationCheck::file_alone);
  const bool is_said = std::any_of(findings.begin(), findings.end(),
                                   [](const auto& finding) { return finding.severity == Severity::broken; });
  if (is_said) return findings;
  return {{Severity::broken,
           "configuration",
           request.configuration_file.value_or(default_configuration_file),
           error.what(),
           "",
           {}}};
}

Findings examine_host(const ParsedOptions& options) {
  auto request = read_request(options);
  Configuration configuration;
  try {
    configuration = read_configuration(options);
  } catch (const ConfigurationError& error) {
    return unusable_configuration(request, error);
  }
  print_copy_view(crypto::KeyStore(configuration.signing.key_directory));
  request.fleet = gather_fleet_facts(configuration);
  return examine(request, configuration);
}

// Adds the options of this run to the commands that a person may paste, so that they use the same
// configuration and store.
Findings with_same_store(Findings findings, const ParsedOptions& options) {
  std::string names;
  for (const auto* option : {"config", "directory"}) {
    if (const auto value = options.text(option)) names += fmt::format(" --{} {}", option, shell_word(*value));
  }
  for (auto& finding : findings) {
    for (auto& line : finding.paste) {
      if (line.starts_with("dkimkey ")) line += names;
    }
  }
  return findings;
}

}  // namespace

ExitCode doctor(const Arguments& arguments) {
  CommandLine command_line("doctor", help);
  command_line.add_options()                                                                               //
      ("json", "print an array of objects, one for each finding")                                          //
      ("address", value_texts("ADDRESS"), "an address that this host's mail comes from; may be repeated")  //
      ("postfix-config", value_text("DIR"), "where Postfix's main.cf is, as postconf -c")                  //
      ("local", "do not ask DNS");
  add_dns_options(command_line);
  command_line.add_positional("domain", "the domain");
  const auto options = command_line.parse(arguments);
  if (!options) return ExitCode::done;
  const auto findings = sorted(with_same_store(examine_host(*options), *options));
  std::cout << (options->has("json") ? findings_json(findings) : findings_text(findings));
  return exit_code_of(findings);
}

}  // namespace dkim::keytool
