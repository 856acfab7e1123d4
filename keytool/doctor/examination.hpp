// Examines the whole chain from Postfix to the receiver, in its order and for the right domains. The checks
// in the folders beside this file judge the facts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "canon/domain_name.hpp"
#include "canon/ip_address.hpp"
#include "keytool/cli/configuration.hpp"
#include "keytool/dns/observation.hpp"
#include "keytool/doctor/findings/finding.hpp"
#include "keytool/doctor/host/fleet_check.hpp"

namespace dkim::keytool {

struct ExaminationRequest {
  std::optional<canon::DomainName> domain;  // empty: every domain of the store, if they are few
  std::vector<canon::IpAddress> addresses;  // that this host sends from; empty: find out
  std::optional<std::string> configuration_file;
  std::string postfix_directory;  // where main.cf is; empty: Postfix's default
  bool ask_dns = true;
  DnsAccess dns;
  std::optional<FleetFacts> fleet;  // nothing: this machine is in no fleet
};

// Returns the findings in the order of the chain. What cannot be found out is a finding too. Throws
// UsageError if a domain must be named, and crypto::Error if the key store changes meanwhile.
Findings examine(const ExaminationRequest& request, const Configuration& configuration);

}  // namespace dkim::keytool
