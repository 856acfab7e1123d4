// Hands a message to the MTA by sendmail(1), which every MTA brings along.
#pragma once

#include <filesystem>
#include <string>

#include "crypto/settings/notify_address.hpp"

namespace dkim::keytool {

// Runs the program, without a shell, as "sendmail -i -- RECIPIENT" with the message on its standard input; an
// empty path stands for /usr/sbin/sendmail or /usr/lib/sendmail. Returns when the MTA has taken the message.
// Throws crypto::Error if there is no such program, if others can change it, if it takes longer than 45
// seconds, or if it ends with another status than 0; what it has printed is quoted.
void send_mail(const std::filesystem::path& program, const crypto::NotifyAddress& recipient,
               const std::string& message);

}  // namespace dkim::keytool
