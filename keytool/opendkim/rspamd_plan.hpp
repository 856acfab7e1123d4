// Plans an import from rspamd's module dkim_signing.
#pragma once

#include "keytool/opendkim/plan.hpp"

namespace dkim::keytool::opendkim {

// Throws StoreError if the configuration (see read_rspamd_conf) cannot be read or has none of the module's
// settings; all other problems become remarks.
ImportPlan plan_rspamd_import(const std::filesystem::path& path, Sources& sources,
                              const ActiveInStore& active_in_store);

}  // namespace dkim::keytool::opendkim
