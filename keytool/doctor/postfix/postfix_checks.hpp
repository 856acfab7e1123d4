// Does Postfix hand its mail to dkimsignd, and does it leave alone what was signed? Findings from the facts
// of postfix_settings; pure.
//
// What a default Debian Postfix says that only sends, and was set up as the README tells, is never a
// finding. Each command to paste names main.cf's directory if that was named.
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
  // Whose list of milters it is: the smtpd itself; for pickup, cleanup (or nothing: main.cf).
  const PostfixService* list_owner = nullptr;
  std::string list_setting;  // "smtpd_milters" or "non_smtpd_milters"
  std::vector<MilterEndpoint> milters;
  Jail jail;
  bool named = false;         // dkimsignd's socket is in the list
  bool switched_off = false;  // receive_override_options has no_milters
  bool proxied = false;       // smtpd_proxy_filter: milters see no message (MILTER_README, Limitations)
  std::string filter;         // content_filter
  bool on_loopback = false;   // listens there alone, by its own name
  // Takes the mail back from a filter: on loopback only, without a filter of its own.
  bool reinjects = false;

  bool signs() const { return named && !switched_off && !proxied; }
  bool filtered() const { return proxied || !filter.empty(); }
};

// The socket is as dkimsignd.conf has it.
std::vector<MailEntry> mail_entries(const PostfixSettings& settings, const std::string& socket);

// smtpd_milters, non_smtpd_milters and what master.cf makes of them; other milters in the lists.
Findings check_milter_lists(const PostfixSettings& settings, const std::string& socket);

// content_filter and smtpd_proxy_filter: what signs before a filter, after it, or both.
Findings check_filters(const PostfixSettings& settings, const std::string& socket);

// How Postfix treats the milter: milter_default_action, milter_protocol and its macros, and whether its own
// bounces are signed.
Findings check_milter_handling(const PostfixSettings& settings, const std::string& socket);

// What Postfix's SMTP client changes after signing; which fields are signed, says the policy.
Findings check_changes_after_signing(const PostfixSettings& settings, const canon::FieldPolicy& fields);

// Under which names Postfix writes and greets: whether they are public.
Findings check_names(const PostfixSettings& settings);

// Whether Postfix adds missing fields before mail is signed; a signature that says "there is none" dies where
// a later hop adds one (RFC 6409 §8).
Findings check_missing_fields(const PostfixSettings& settings, const std::string& socket,
                              const canon::FieldPolicy& fields);

// All of these, in the order of the chain.
Findings check_postfix(const PostfixSettings& settings, const std::string& socket,
                       const canon::FieldPolicy& fields);

// Is it a name that other hosts could look up: more than one label, and none of the endings that never leave
// a network (RFC 6761, RFC 6762, RFC 8375; "internal" and what routers hand out)?
bool is_public_name(std::string_view name);

}  // namespace dkim::keytool
