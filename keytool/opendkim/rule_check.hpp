// A last look at the rules of a plan, with the eyes of the daemon: none is written that it would refuse.
#pragma once

#include "keytool/opendkim/plan.hpp"

namespace dkim::keytool::opendkim {

// Without rules that are never asked, since earlier ones match all of their senders.
std::vector<PlannedRule> without_hidden(const std::vector<PlannedRule>& rules);

// Without rules that the daemon's configuration cannot have, each of which becomes a remark.
ImportPlan without_refused_rules(ImportPlan plan);

}  // namespace dkim::keytool::opendkim
