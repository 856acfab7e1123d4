// Finds the ways for mail into Postfix, and what filters do to signatures there.
#include <fmt/format.h>

#include <algorithm>

#include "canon/text.hpp"
#include "keytool/doctor/postfix/postfix_checks.hpp"
#include "keytool/doctor/postfix/setting_words.hpp"

namespace dkim::keytool {
namespace {

bool is_on_loopback(const PostfixService& service) {
  return service.type == "inet" && (service.name.starts_with("127.") || service.name.starts_with("[::1]:") ||
                                    service.name.starts_with("localhost:"));
}

MailEntry entry_of(const PostfixSettings& settings, const PostfixService& service,
                   const PostfixService* list_owner, std::string list_setting, const std::string& socket) {
  MailEntry entry;
  entry.service = &service;
  entry.list_owner = list_owner;
  const auto list =
      list_owner == nullptr ? settings.of(list_setting) : settings.of(*list_owner, list_setting);
  entry.list_setting = std::move(list_setting);
  entry.milters = parse_milter_list(list);
  entry.jail = settings.jail_of(list_owner == nullptr ? service : *list_owner);
  entry.named = std::any_of(entry.milters.begin(), entry.milters.end(),
                            [&](const auto& milter) { return is_same_socket(milter, entry.jail, socket); });
  entry.switched_off = has_word(settings.of(service, "receive_override_options"), "no_milters");
  entry.filter = settings.of(service, "content_filter");
  entry.on_loopback = is_on_loopback(service);
  return entry;
}

std::string places(const std::vector<const MailEntry*>& entries) {
  std::string out;
  for (const auto* entry : entries)
    out += (out.empty() ? "" : ", ") + entry->service->label();
  return out;
}

std::vector<const MailEntry*> those(const std::vector<MailEntry>& entries, bool (*wanted)(const MailEntry&)) {
  std::vector<const MailEntry*> found;
  for (const auto& entry : entries) {
    if (wanted(entry)) found.push_back(&entry);
  }
  return found;
}

}  // namespace

std::vector<MailEntry> mail_entries(const PostfixSettings& settings, const std::string& socket) {
  std::vector<MailEntry> entries;
  for (const auto* service : settings.running("smtpd")) {
    auto entry = entry_of(settings, *service, service, "smtpd_milters", socket);
    entry.proxied = !settings.of(*service, "smtpd_proxy_filter").empty();
    entries.push_back(std::move(entry));
  }
  const auto cleanups = settings.running("cleanup");
  for (const auto* service : settings.running("pickup")) {
    entries.push_back(entry_of(settings, *service, cleanups.empty() ? nullptr : cleanups.front(),
                               "non_smtpd_milters", socket));
  }
  const bool any_filtered =
      std::any_of(entries.begin(), entries.end(), [](const auto& entry) { return entry.filtered(); });
  for (auto& entry : entries)
    entry.reinjects = any_filtered && !entry.filtered() && entry.on_loopback;
  return entries;
}

Findings check_filters(const PostfixSettings& settings, const std::string& socket) {
  const auto entries = mail_entries(settings, socket);
  const auto proxied = those(entries, [](const auto& entry) { return entry.proxied; });
  const auto signed_before =
      those(entries, [](const auto& entry) { return entry.signs() && !entry.filter.empty(); });
  const auto signed_after =
      those(entries, [](const auto& entry) { return entry.reinjects && entry.signs(); });
  Findings findings;
  if (!proxied.empty() && signed_after.empty()) {
    findings.push_back(
        {Severity::broken,
         "smtpd_proxy_filter",
         places(proxied),
         "milters see no message of an smtpd with smtpd_proxy_filter: its mail is not signed",
         "let the smtpd that takes the mail back from the proxy name dkimsignd's socket in its "
         "smtpd_milters",
         {}});
  }
  if (!signed_before.empty() && !signed_after.empty()) {
    findings.push_back(
        {Severity::risk,
         "content_filter",
         places(signed_before),
         fmt::format("mail is signed before the content filter and again when it comes back through "
                     "{}: twice, and the first signature may be broken by then",
                     places(signed_after)),
         "let one of them sign: remove dkimsignd from the milters of the first, with an empty "
         "smtpd_milters or \"receive_override_options = no_milters\"",
         {}});
  } else if (!signed_before.empty()) {
    findings.push_back(
        {Severity::risk,
         "content_filter",
         places(signed_before),
         fmt::format("mail is signed before the content filter {} gets it: any change by the filter "
                     "breaks the signature",
                     signed_before.front()->filter),
         "sign after it: let the smtpd that takes the mail back from the filter name "
         "dkimsignd's socket in its smtpd_milters, and the first one not",
         {}});
  }
  return findings;
}

}  // namespace dkim::keytool
