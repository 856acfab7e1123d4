// The order in which doctor looks at the chain from Postfix to the receiver, and for which domains.
//
// Called by dkimkey doctor. What the facts mean is said by the checks beside this file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "canon/domain_name.hpp"
#include "keytool/cli/configuration.hpp"
#include "keytool/dns/observation.hpp"
#include "keytool/doctor/findings/finding.hpp"

namespace dkim::keytool {

struct ExaminationRequest {
  std::optional<canon::DomainName> domain;  // nothing: every one of the store, if they are few
  std::vector<std::string> addresses;       // this host sends from; empty: find out
  std::optional<std::string> configuration_file;
  std::string postfix_directory;  // of main.cf; empty: Postfix's own default
  bool ask_dns = true;
  DnsAccess dns;
};

// In the order of the chain. What cannot be found out is a finding; throws UsageError where a domain must be
// named, and crypto::Error where the key store changes under the look.
Findings examine(const ExaminationRequest& request, const Configuration& configuration);

}  // namespace dkim::keytool
