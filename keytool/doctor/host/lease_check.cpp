#include "keytool/doctor/host/lease_check.hpp"

#include <fmt/format.h>

#include "crypto/error.hpp"
#include "crypto/store/lease.hpp"
#include "crypto/store/membership.hpp"

namespace dkim::keytool {
namespace {

constexpr const char* topic = "lease";

// Says how many days are left, so that a person sees how long there is time.
std::string remaining_text(std::chrono::seconds remaining) {
  const auto days = std::chrono::duration_cast<std::chrono::days>(remaining).count();
  if (days >= 2) return fmt::format("{} days", days);
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(remaining).count();
  return hours >= 2
             ? fmt::format("{} hours", hours)
             : fmt::format("{} minutes", std::chrono::duration_cast<std::chrono::minutes>(remaining).count());
}

Finding without_lease(const std::string& subject, const std::string& what) {
  return {Severity::broken,
          topic,
          subject,
          what + ": no mail is signed here, and on_error decides what happens to it",
          "let this machine reach the fleet's database, and renew the lease:",
          {"dkimkey fleet sync --once"}};
}

Finding unreadable(const std::string& subject, const AccessProblem& obstacle) {
  Finding finding = without_lease(subject, obstacle.what);
  finding.advice = obstacle.remedy.empty() ? "" : "fix it:";
  finding.paste.clear();
  if (!obstacle.remedy.empty()) finding.paste = {obstacle.remedy};
  return finding;
}

// What is wrong with the file is fleet_check's to say: whether mail is signed does not depend on it.
std::optional<crypto::Membership> membership_if_readable(const crypto::KeyStore& store) {
  try {
    return read_membership(store);
  } catch (const crypto::Error&) {
    return std::nullopt;
  }
}

}  // namespace

Findings check_lease(const crypto::KeyStore& store, crypto::UtcTime now,
                     const std::optional<Credentials>& daemon) {
  const auto path = lease_path(store);
  const auto subject = path.string();
  try {
    const auto lease = find_lease(store);
    if (!lease.in_fleet) return {};
    require_lease(store, lease, now);
    if (daemon) {
      if (const auto obstacle = reading_obstacle(path, *daemon)) return {unreadable(subject, *obstacle)};
    }
    const auto text = fmt::format(
        "this machine may sign until {}, for {} without another contact with the fleet's database",
        crypto::to_string(*lease.end), remaining_text(*lease.end - now));
    const auto membership = membership_if_readable(store);
    if (membership && crypto::is_contact_overdue(*membership, now)) {
      return {{Severity::risk,
               topic,
               subject,
               fmt::format("{}; the last was at {}", text, crypto::to_string(membership->contact)),
               "look why the copy is not kept up to date:",
               {"systemctl status dkimkey-fleet", "dkimkey fleet status"}}};
    }
    return {{Severity::good, topic, subject, text, "", {}}};
  } catch (const crypto::Error& error) {
    return {without_lease(subject, error.what())};
  }
}

}  // namespace dkim::keytool
