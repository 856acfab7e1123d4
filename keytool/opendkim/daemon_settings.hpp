// The settings of opendkim.conf that are not about keys, as settings of dkimsignd: whose mail is signed, how,
// and what becomes of it when that fails. What has no counterpart is named with the reason.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "keytool/opendkim/conf_file.hpp"
#include "keytool/opendkim/remark.hpp"
#include "keytool/opendkim/sources.hpp"

namespace dkim::keytool::opendkim {

struct DaemonSettings {
  std::vector<std::string> trusted_networks;
  // The values that mark a message as ours, by the macro's name in braces; none: any value does.
  std::map<std::string, std::vector<std::string>> macros;
  std::string canonicalization;  // these three are left out where they are empty or 0
  long long expiration = 0;
  std::string on_error;
  std::vector<std::string> signed_headers;  // empty: the default
  std::vector<std::string> oversigned_headers;
  Remarks remarks;
};

DaemonSettings plan_daemon_settings(const ConfFile& conf, Sources& sources);

}  // namespace dkim::keytool::opendkim
