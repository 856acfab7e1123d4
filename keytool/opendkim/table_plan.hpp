// Combines KeyTable and SigningTable: which keys sign whose mail, with every name, "%" and path followed.
#pragma once

#include <vector>

#include "keytool/opendkim/conf_file.hpp"
#include "keytool/opendkim/key_collector.hpp"
#include "keytool/opendkim/key_table.hpp"
#include "keytool/opendkim/rule_plan.hpp"
#include "keytool/opendkim/signing_table.hpp"

namespace dkim::keytool::opendkim {

// Returns the bindings in the signing table's order, and loads their keys. What is not taken over becomes one
// of the collector's remarks; nothing throws.
std::vector<Binding> bind_tables(const ConfFile& conf, const KeyTable& key_table,
                                 const SigningTable& signing_table, KeyCollector& keys, Sources& sources);

}  // namespace dkim::keytool::opendkim
