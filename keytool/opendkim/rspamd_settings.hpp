// Translates the settings of rspamd's module dkim_signing that are not about keys: whose mail is signed. What
// has no counterpart becomes a remark with the reason.
#pragma once

#include <string_view>

#include "keytool/opendkim/daemon_settings.hpp"
#include "keytool/opendkim/rspamd_conf.hpp"

namespace dkim::keytool::opendkim {

// Does not fail: a setting or a map that cannot be read becomes a remark.
DaemonSettings plan_rspamd_settings(const RspamdConf& conf, Sources& sources);

// Returns whether the module has a setting of this name.
bool is_rspamd_setting(std::string_view name);

}  // namespace dkim::keytool::opendkim
