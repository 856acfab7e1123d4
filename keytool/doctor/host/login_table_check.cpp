#include "keytool/doctor/host/login_table_check.hpp"

#include "crypto/file.hpp"

namespace dkim::keytool {

Findings check_login_table(const crypto::LoginSettings& logins, const std::optional<Credentials>& daemon) {
  if (logins.method != crypto::LoginSettings::Method::table || !daemon) return {};
  // What is missing is reported by dkimsignd --check.
  if (crypto::is_missing(logins.table)) return {};
  const auto obstacle = reading_obstacle(logins.table, *daemon);
  if (!obstacle) return {};
  Finding finding{Severity::broken,
                  "logins",
                  logins.table.string(),
                  obstacle->what +
                      ": mail of clients that have logged in is not signed, and on_error decides "
                      "what happens to it",
                  "",
                  {}};
  if (!obstacle->remedy.empty()) {
    finding.advice = "fix it:";
    finding.paste = {obstacle->remedy};
  }
  return {finding};
}

}  // namespace dkim::keytool
