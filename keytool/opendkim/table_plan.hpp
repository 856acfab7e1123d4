// KeyTable and SigningTable together: which keys sign whose mail, with every name, "%" and path followed.
#pragma once

#include <vector>

#include "keytool/opendkim/conf_file.hpp"
#include "keytool/opendkim/key_collector.hpp"
#include "keytool/opendkim/key_table.hpp"
#include "keytool/opendkim/rule_plan.hpp"
#include "keytool/opendkim/signing_table.hpp"

namespace dkim::keytool::opendkim {

// In the signing table's order. Loads the keys on the way; what does not come over is told among the
// collector's remarks.
std::vector<Binding> bind_tables(const ConfFile& conf, const KeyTable& key_table,
                                 const SigningTable& signing_table, KeyCollector& keys, Sources& sources);

}  // namespace dkim::keytool::opendkim
