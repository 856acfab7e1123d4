// Plans an import of another signer's configuration before anything is done: the keys, the domains' flags,
// dkimsignd's settings, and what is not taken over.
//
// Only reads: the same files give the same plan.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "crypto/keys/record_flags.hpp"
#include "keytool/opendkim/daemon_settings.hpp"
#include "keytool/opendkim/key_collector.hpp"
#include "keytool/opendkim/rule_plan.hpp"

namespace dkim::keytool::opendkim {

struct ImportPlan {
  std::string signer = "OpenDKIM";  // whose configuration it was, for people
  std::map<KeyName, FoundKey> keys;
  // Has an entry for each domain of these keys.
  std::map<canon::DomainName, Subdomains> subdomains;
  // The tags of their records, where the configuration says them.
  std::map<canon::DomainName, crypto::RecordFlags> records;
  std::vector<PlannedRule> rules;
  std::vector<PlannedRule> also_sign;
  DaemonSettings settings;
  Remarks remarks;  // on all parts
};

// Returns the selectors that are already active in the key store: they go on signing beside the imported
// keys.
using ActiveInStore = std::function<std::vector<canon::Selector>(const canon::DomainName&)>;

// Plans an import from OpenDKIM. Throws StoreError if the configuration file itself cannot be read; all other
// problems become remarks.
ImportPlan plan_import(const std::filesystem::path& opendkim_conf, Sources& sources,
                       const ActiveInStore& active_in_store);

}  // namespace dkim::keytool::opendkim
