// Checks whether sendmail, where it takes the place of Postfix, hands its mail to dkimsignd: the milters in
// sendmail.cf. What else sendmail does to mail is not examined, and the findings say so.
//
// The parser and the checks are pure and take any text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keytool/doctor/findings/finding.hpp"

namespace dkim::keytool {

// A line of sendmail.cf that defines a milter (INPUT_MAIL_FILTER or MAIL_FILTER in sendmail.mc).
struct SendmailFilter {
  std::string name;
  std::string socket;  // S=
  std::string flags;   // F=; empty if it is not given
};

struct SendmailSettings {
  std::string file;
  std::vector<SendmailFilter> filters;
  std::vector<std::string> input_filters;  // the names of the milters that get the mail
  std::string smart_host;                  // without its mailer and brackets; empty if there is none
};

// Returns nothing if there is no sendmail.cf. Throws crypto::Error if it cannot be read.
std::optional<SendmailSettings> read_sendmail_settings();

SendmailSettings parse_sendmail_settings(std::string file, std::string_view text);

// Findings of topic "sendmail". The socket is given as in dkimsignd.conf.
Findings check_sendmail(const SendmailSettings& settings, const std::string& socket);

}  // namespace dkim::keytool
