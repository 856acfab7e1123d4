#include "keytool/doctor/mta_settings.hpp"

#include "crypto/error.hpp"
#include "keytool/doctor/postfix/postfix_checks.hpp"
#include "keytool/doctor/postfix/relay.hpp"

namespace dkim::keytool {
namespace {

Finding unknown(std::string topic, const std::string& subject, const crypto::Error& error,
                std::string advice) {
  return {Severity::unknown, std::move(topic), subject, error.what(), std::move(advice), {}};
}

}  // namespace

std::string MtaSettings::relay() const {
  if (postfix) return relay_of(*postfix);
  return sendmail ? sendmail->smart_host : std::string();
}

MtaSettings read_mta_settings(const std::string& postfix_directory) {
  MtaSettings mta;
  if (postfix_directory.empty() && !postfix_is_installed()) {
    try {
      mta.sendmail = read_sendmail_settings();
    } catch (const crypto::Error& error) {
      mta.trouble = {unknown("sendmail", "", error, "run dkimkey doctor as root")};
      return mta;
    }
  }
  if (mta.sendmail) return mta;
  try {
    mta.postfix = read_postfix_settings(postfix_directory);
  } catch (const crypto::Error& error) {
    mta.trouble = {
        unknown("postfix", postfix_directory, error,
                "install and set up Postfix, or name the directory of its main.cf with --postfix-config")};
  }
  return mta;
}

Findings check_mta(const MtaSettings& mta, const std::string& socket, const canon::FieldPolicy& fields) {
  if (mta.postfix) return check_postfix(*mta.postfix, socket, fields);
  return mta.sendmail ? check_sendmail(*mta.sendmail, socket) : mta.trouble;
}

}  // namespace dkim::keytool
