// Reads rspamd's signing_table and key_table, which are like those of OpenDKIM with refile:.
#pragma once

#include <vector>

#include "keytool/opendkim/key_collector.hpp"
#include "keytool/opendkim/rule_plan.hpp"
#include "keytool/opendkim/ucl_value.hpp"

namespace dkim::keytool::opendkim {

// Returns the bindings in the order of signing_table, and loads their keys. What is not taken becomes one of
// the collector's remarks; nothing throws.
std::vector<Binding> bind_rspamd_tables(const UclValue& signing, KeyCollector& keys, Sources& sources);

}  // namespace dkim::keytool::opendkim
