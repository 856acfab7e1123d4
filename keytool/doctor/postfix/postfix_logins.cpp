// Checks where a client that has logged in to Postfix can send as somebody else.
//
// Postfix compares a login with the envelope sender only (smtpd_sender_login_maps, and the restrictions
// reject_*_sender_login_mismatch of postconf(5)). What a reader sees, and what is signed, is From:, which
// only the setting logins of dkimsignd judges.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "canon/text.hpp"
#include "keytool/doctor/postfix/postfix_checks.hpp"
#include "keytool/doctor/postfix/setting_words.hpp"

namespace dkim::keytool {
namespace {

constexpr const char* topic = "logins";
constexpr const char* maps = "smtpd_sender_login_maps";
constexpr const char* sender_list = "smtpd_sender_restrictions";

// All lists, because with smtpd_delay_reject each of them sees the sender. The first is where Postfix's own
// documentation has the restriction.
constexpr std::array<std::string_view, 7> lists = {
    sender_list,
    "smtpd_client_restrictions",
    "smtpd_helo_restrictions",
    "smtpd_relay_restrictions",
    "smtpd_recipient_restrictions",
    "smtpd_data_restrictions",
    "smtpd_end_of_data_restrictions",
};

// What Postfix does with an envelope sender that is not the login's.
enum class Guard {
  none,   // takes it
  known,  // refuses it if smtpd_sender_login_maps gives it to another login
  all,    // refuses it
};

// A list ends for a client that has logged in at what permits it.
Guard guard_of(std::string_view restrictions) {
  using canon::equal_ignoring_case;
  Guard guard = Guard::none;
  while (const auto word = next_word(restrictions)) {
    if (equal_ignoring_case(*word, "permit") || equal_ignoring_case(*word, "permit_sasl_authenticated"))
      break;
    if (equal_ignoring_case(*word, "reject_sender_login_mismatch") ||
        equal_ignoring_case(*word, "reject_authenticated_sender_login_mismatch"))
      return Guard::all;
    if (equal_ignoring_case(*word, "reject_known_sender_login_mismatch")) guard = Guard::known;
  }
  return guard;
}

Guard guard_of(const PostfixSettings& settings, const PostfixService& service) {
  Guard strongest = Guard::none;
  for (const auto list : lists)
    strongest = std::max(strongest, guard_of(settings.of(service, list)));
  if (strongest == Guard::known && settings.of(service, maps).empty()) return Guard::none;
  return strongest;
}

std::string_view what_postfix_does(Guard guard) {
  switch (guard) {
    case Guard::none:
      return "Postfix lets a client that has logged in send from any address";
    case Guard::known:
      return "Postfix lets a client that has logged in send from any address that smtpd_sender_login_maps "
             "does "
             "not list";
    case Guard::all:
      return "Postfix compares the login with the envelope sender, but not with From:, which may be any "
             "address";
  }
  return {};
}

std::string what_we_do(const LoginPolicy& policy) {
  if (!policy.judged) return "dkimsignd signs it for every domain that has a key, because logins is \"any\"";
  const auto* then = policy.on_foreign_author == "reject"     ? "refused"
                     : policy.on_foreign_author == "tempfail" ? "deferred"
                                                              : "sent on unsigned";
  return fmt::format(
      "dkimsignd signs only for the domains that logins gives to the login; mail from another is {} "
      "(on_foreign_author)",
      then);
}

// Adds the restriction in front of those of the service, where nothing has permitted the client yet.
std::vector<std::string> guarding_commands(const PostfixSettings& settings, const PostfixService& service) {
  constexpr const char* restriction = "reject_authenticated_sender_login_mismatch";
  const auto present = settings.of(service, sender_list);
  const auto better =
      present.empty() ? std::string(restriction) : fmt::format("{}, {}", restriction, present);
  return {service.overrides.contains(sender_list) ? settings.set_command(service, sender_list, better)
                                                  : settings.set_command(sender_list, better),
          settings.reload_command()};
}

Finding finding_about(const PostfixSettings& settings, const PostfixService& service,
                      const LoginPolicy& policy) {
  const auto guard = guard_of(settings, service);
  Finding finding{policy.judged ? Severity::good : Severity::note,
                  topic,
                  service.label(),
                  fmt::format("{}; {}", what_postfix_does(guard), what_we_do(policy)),
                  "",
                  {}};
  if (policy.judged) return finding;
  finding.advice =
      "if logins belong to several people, set logins = \"domain\" in dkimsignd.conf, or a table of them";
  if (guard != Guard::all && !settings.of(service, maps).empty()) {
    finding.advice += "; let Postfix refuse foreign envelope senders, too:";
    finding.paste = guarding_commands(settings, service);
  } else if (guard != Guard::all) {
    finding.advice +=
        "; to let Postfix refuse foreign envelope senders, too, list their owners in smtpd_sender_login_maps";
  }
  return finding;
}

// smtpd(8) finds no owner of any address then, and refuses every sender of a client that has logged in.
Finding refuses_all(const PostfixService& service) {
  return {Severity::broken,
          topic,
          service.label(),
          "smtpd_sender_login_maps is empty, and reject_sender_login_mismatch or "
          "reject_authenticated_sender_login_mismatch is set: Postfix refuses all mail of clients that have "
          "logged in",
          fmt::format("set {} to a table of addresses and their logins, or remove the restriction", maps),
          {}};
}

// Says the same of several services once.
void add(Findings& findings, Finding finding) {
  for (auto& other : findings) {
    if (other.what != finding.what || other.paste != finding.paste) continue;
    other.subject += ", " + finding.subject;
    return;
  }
  findings.push_back(std::move(finding));
}

}  // namespace

Findings check_logins(const PostfixSettings& settings, const std::string& socket, const LoginPolicy& policy) {
  Findings findings;
  const auto entries = mail_entries(settings, socket);
  const bool comes_back_signed = std::any_of(
      entries.begin(), entries.end(), [](const auto& entry) { return entry.reinjects && entry.signs(); });
  for (const auto& entry : entries) {
    const auto& service = *entry.service;
    if (service.command != "smtpd" || settings.of(service, "smtpd_sasl_auth_enable") != "yes") continue;
    if (guard_of(settings, service) == Guard::all && settings.of(service, maps).empty()) {
      add(findings, refuses_all(service));
    } else if (entry.signs()) {
      add(findings, finding_about(settings, service, policy));
    } else if (policy.judged && entry.filtered() && comes_back_signed) {
      add(findings, {Severity::risk,
                     topic,
                     service.label(),
                     "its mail is signed when it comes back from a filter, and then without its login: "
                     "logins does not apply to it",
                     "let this service name dkimsignd's socket in its smtpd_milters, and the one that takes "
                     "mail back from the filter not",
                     {}});
    }
  }
  return findings;
}

}  // namespace dkim::keytool
