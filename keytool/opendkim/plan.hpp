// All that an import of OpenDKIM's configuration will do, before any of it is done: the keys, the domains'
// flags, the daemon's settings, and what does not come over.
//
// Pure but for the reading: the same files give the same plan.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "keytool/opendkim/daemon_settings.hpp"
#include "keytool/opendkim/key_collector.hpp"
#include "keytool/opendkim/rule_plan.hpp"

namespace dkim::keytool::opendkim {

struct ImportPlan {
  std::map<KeyName, FoundKey> keys;
  // Of the domains of these keys: does each sign for its subdomains?
  std::map<canon::DomainName, bool> subdomains;
  std::vector<PlannedRule> rules;
  DaemonSettings settings;
  Remarks remarks;  // of all parts
};

// What of a domain is active in the key store already: it will sign beside the keys that come.
using ActiveInStore = std::function<std::vector<canon::Selector>(const canon::DomainName&)>;

// Throws StoreError if the file itself cannot be read.
ImportPlan plan_import(const std::filesystem::path& opendkim_conf, Sources& sources,
                       const ActiveInStore& active_in_store);

}  // namespace dkim::keytool::opendkim
