// The MTA of this host as doctor sees it: Postfix, or sendmail where that takes its place.
#pragma once

#include <optional>
#include <string>

#include "canon/field_policy.hpp"
#include "keytool/doctor/findings/finding.hpp"
#include "keytool/doctor/host/sendmail_checks.hpp"
#include "keytool/doctor/postfix/postfix_settings.hpp"

namespace dkim::keytool {

struct MtaSettings {
  std::optional<PostfixSettings> postfix;
  std::optional<SendmailSettings> sendmail;  // only without Postfix
  Findings trouble;                          // why neither is known

  // Returns the host to which all mail goes; empty if there is none.
  std::string relay() const;
};

// Reads Postfix's settings from main.cf's directory, or from its default place if that is empty. What cannot
// be read becomes a finding.
MtaSettings read_mta_settings(const std::string& postfix_directory);

// Checks whether the MTA hands its mail to the socket, which is given as in dkimsignd.conf.
Findings check_mta(const MtaSettings& mta, const std::string& socket, const canon::FieldPolicy& fields);

}  // namespace dkim::keytool
