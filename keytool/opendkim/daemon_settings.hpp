// Translates the settings of opendkim.conf that are not about keys into dkimsignd's: whose mail is signed,
// how, and what happens to mail that cannot be signed. Anything without a counterpart becomes a remark with
// the reason.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "canon/canonicalization.hpp"
#include "keytool/opendkim/conf_file.hpp"
#include "keytool/opendkim/remark.hpp"
#include "keytool/opendkim/sources.hpp"

namespace dkim::keytool::opendkim {

// What dkimsignd does with mail that it cannot sign.
enum class OnError { accept, reject, tempfail };

// Returns the value of dkimsignd's setting on_error.
std::string_view to_string(OnError on_error);

// A setting without a value is not written: dkimsignd's default applies.
struct DaemonSettings {
  std::vector<std::string> trusted_networks;
  // For each macro that marks a message as ours, by its name in braces: the values; empty: any value.
  std::map<std::string, std::vector<std::string>> macros;
  std::optional<canon::CanonicalizationPair> canonicalization;
  std::chrono::seconds expiration{0};  // zero: none
  std::optional<OnError> on_error;
  std::vector<std::string> signed_headers;  // empty: the default
  std::vector<std::string> oversigned_headers;
  std::optional<bool> sign_authenticated;
  // Whether a client that has logged in may write only from its login's domain.
  enum class Logins { any, own_domain };
  Logins logins = Logins::any;
  Remarks remarks;
};

// Translates the settings, and reads the data sets that they name. Does not fail: a setting or a file that
// cannot be read becomes a remark.
DaemonSettings plan_daemon_settings(const ConfFile& conf, Sources& sources);

}  // namespace dkim::keytool::opendkim
