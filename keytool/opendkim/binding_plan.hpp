// The last steps of every plan, whichever signer it is imported from: from "this author's mail is signed with
// these keys" to rules, and the check that dkimsignd accepts them.
//
// Pure; never fails.
#pragma once

#include <vector>

#include "keytool/opendkim/plan.hpp"

namespace dkim::keytool::opendkim {

// Adds the keys, the rules and the domains' subdomains to a plan. The bindings are in order of precedence:
// the first that matches decides.
ImportPlan with_bindings(ImportPlan plan, const std::vector<Binding>& bindings, const KeyCollector& keys,
                         const ActiveInStore& active_in_store);

// Drops what dkimsignd would refuse, and sorts the remarks, the gravest first.
ImportPlan finished(ImportPlan plan);

}  // namespace dkim::keytool::opendkim
