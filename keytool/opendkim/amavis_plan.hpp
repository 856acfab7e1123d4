// Plans an import from amavisd.
//
// amavisd signs with one key a message: the first that dkim_key declares for the author's domain, or for the
// domain that the options by sender name. Keys that it never uses are not taken, since they would sign here.
#pragma once

#include "keytool/opendkim/plan.hpp"

namespace dkim::keytool::opendkim {

// Throws StoreError if the configuration (see read_amavis_conf) cannot be read; all other problems become
// remarks.
ImportPlan plan_amavis_import(const std::filesystem::path& path, Sources& sources,
                              const ActiveInStore& active_in_store);

}  // namespace dkim::keytool::opendkim
