// Checks the rules of a plan as dkimsignd will, so that import writes none that it refuses. Pure.
#pragma once

#include "keytool/opendkim/plan.hpp"

namespace dkim::keytool::opendkim {

// Drops the rules that dkimsignd's configuration cannot have; each becomes a remark.
ImportPlan without_refused_rules(ImportPlan plan);

}  // namespace dkim::keytool::opendkim
