// Translates the settings of opendkim.conf that are not about keys into dkimsignd's: whose mail is signed,
// how, and what happens to mail that cannot be signed. Anything without a counterpart becomes a remark with
// the reason.
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
  // For each macro that marks a message as ours, by its name in braces: the values; empty: any value.
  std::map<std::string, std::vector<std::string>> macros;
  std::string canonicalization;  // this and the next two: not written if empty or 0
  long long expiration = 0;
  std::string on_error;
  std::vector<std::string> signed_headers;  // empty: the default
  std::vector<std::string> oversigned_headers;
  Remarks remarks;
};

DaemonSettings plan_daemon_settings(const ConfFile& conf, Sources& sources);

}  // namespace dkim::keytool::opendkim
