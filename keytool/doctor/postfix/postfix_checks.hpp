// Checks whether Postfix hands its mail to dkimsignd and does not change it after signing. Pure: judges the
// facts of postfix_settings.
//
// Nothing is broken or at risk in a default Debian Postfix that only sends and was set up as the README says.
// Each command to paste names main.cf's directory if the user named it.
#pragma once

#include <string>
#include <vector>

#include "canon/field_policy.hpp"
#include "keytool/doctor/findings/finding.hpp"
#include "keytool/doctor/postfix/postfix_settings.hpp"

namespace dkim::keytool {

// A way for mail into Postfix: an smtpd of master.cf, or pickup, which brings what sendmail(1) left.
struct MailEntry {
  const PostfixService* service = nullptr;
  // The service that the list of milters belongs to: the smtpd itself; for pickup, cleanup, or null for
  // main.cf.
  const PostfixService* list_owner = nullptr;
  std::string list_setting;  // "smtpd_milters" or "non_smtpd_milters"
  std::vector<MilterEndpoint> milters;
  Jail jail;
  bool named = false;         // dkimsignd's socket is in the list
  bool switched_off = false;  // receive_override_options has no_milters
  bool proxied = false;       // smtpd_proxy_filter: milters see no message (MILTER_README, Limitations)
  std::string filter;         // content_filter
  bool on_loopback = false;   // listens on loopback only, by its own name
  // Takes the mail back from a filter: listens on loopback only, and has no filter itself.
  bool reinjects = false;

  bool signs() const { return named && !switched_off && !proxied; }
  bool filtered() const { return proxied || !filter.empty(); }
};

// Finds the ways for mail into Postfix. The socket is given as in dkimsignd.conf.
std::vector<MailEntry> mail_entries(const PostfixSettings& settings, const std::string& socket);

// Checks smtpd_milters, non_smtpd_milters, master.cf's overrides of them, and other milters in the lists.
Findings check_milter_lists(const PostfixSettings& settings, const std::string& socket);

// Checks content_filter and smtpd_proxy_filter: whether mail is signed before a filter, after it, or both.
Findings check_filters(const PostfixSettings& settings, const std::string& socket);

// Checks how Postfix treats the milter: milter_default_action, milter_protocol and its macros, and whether
// its own bounces are signed.
Findings check_milter_handling(const PostfixSettings& settings, const std::string& socket);

// Checks what Postfix's SMTP client changes after signing. `fields` says which fields are signed.
Findings check_changes_after_signing(const PostfixSettings& settings, const canon::FieldPolicy& fields);

// Checks whether the names under which Postfix writes and greets are public.
Findings check_names(const PostfixSettings& settings);

// Checks whether Postfix adds missing fields before mail is signed: a signature that says "there is none"
// breaks if a later hop adds one (RFC 6409 §8).
Findings check_missing_fields(const PostfixSettings& settings, const std::string& socket,
                              const canon::FieldPolicy& fields);

// What dkimsignd does with the mail of clients that have logged in.
struct LoginPolicy {
  bool judged = false;            // logins is not "any"
  std::string on_foreign_author;  // as in the configuration
};

// Checks where a client that has logged in can send as another's address, and what dkimsignd does then.
// Returns nothing if nobody can log in where mail is signed.
Findings check_logins(const PostfixSettings& settings, const std::string& socket, const LoginPolicy& policy);

// Runs all of these checks but check_logins, in the order of the chain.
Findings check_postfix(const PostfixSettings& settings, const std::string& socket,
                       const canon::FieldPolicy& fields);

// Returns whether other hosts could look the name up: it has more than one label, and none of the endings
// that never leave a network (RFC 6761, RFC 6762, RFC 8375; "internal", and those that routers hand out).
bool is_public_name(std::string_view name);

}  // namespace dkim::keytool
