// Checks whether Postfix adds Date and Message-ID to messages that lack them, and whether that matters to
// signatures.
//
// cleanup(8) adds them before milters see the header, so what it adds is signed. It does so for clients that
// local_header_rewrite_clients names, or for all with always_add_missing_headers (postconf(5)).
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "canon/ip_address.hpp"
#include "canon/text.hpp"
#include "keytool/doctor/postfix/postfix_checks.hpp"
#include "keytool/doctor/postfix/setting_words.hpp"

namespace dkim::keytool {
namespace {

// The fields that cleanup adds. It adds From, too, but a message without From is never signed.
constexpr std::array<std::string_view, 5> added_fields = {"date", "message-id", "resent-date",
                                                          "resent-message-id", "resent-from"};

bool names_this_host(std::string_view clients) {
  return has_word(clients, "permit_inet_interfaces") || has_word(clients, "permit_mynetworks") ||
         has_word(clients, "static:all");
}

bool adds_for_this_host(const PostfixSettings& settings) {
  return settings.of("always_add_missing_headers") == "yes" ||
         names_this_host(settings.of("local_header_rewrite_clients"));
}

// Returns the cleanup that an smtpd hands its mail to; null if master.cf has none.
const PostfixService* cleanup_of(const PostfixSettings& settings, const PostfixService& smtpd) {
  const auto name = settings.of(smtpd, "cleanup_service_name");
  const auto cleanups = settings.running("cleanup");
  const auto found = std::find_if(cleanups.begin(), cleanups.end(),
                                  [&](const auto* cleanup) { return cleanup->name == name; });
  if (found != cleanups.end()) return *found;
  return cleanups.empty() ? nullptr : cleanups.front();
}

bool is_loopback(std::string_view interface) {
  const auto address = canon::IpAddress::parse(canon::without_brackets(interface));
  return address ? address->is_loopback()
                 : canon::equal_ignoring_case(interface, "loopback-only") ||
                       canon::equal_ignoring_case(interface, "localhost");
}

bool only_this_host_comes_by(const PostfixSettings& settings, const MailEntry& entry) {
  if (entry.on_loopback) return true;
  const auto interfaces = settings.of("inet_interfaces");
  std::string_view rest = interfaces;
  std::size_t count = 0;
  while (const auto word = next_word(rest)) {
    ++count;
    if (!is_loopback(*word)) return false;
  }
  return count > 0;
}

// Assumes that a list with clients other than this host names all clients whose mail is signed.
bool adds_for_all_by(const PostfixSettings& settings, const MailEntry& entry) {
  const auto* cleanup = cleanup_of(settings, *entry.service);
  constexpr const char* always = "always_add_missing_headers";
  if ((cleanup == nullptr ? settings.of(always) : settings.of(*cleanup, always)) == "yes") return true;
  const auto clients = settings.of(*entry.service, "local_header_rewrite_clients");
  if (only_this_host_comes_by(settings, entry)) return names_this_host(clients);
  std::string_view rest = clients;
  while (const auto word = next_word(rest)) {
    if (!canon::equal_ignoring_case(*word, "permit_inet_interfaces")) return true;
  }
  return false;
}

// Returns those of cleanup's fields that a signature declares missing, as the configuration spells them.
std::vector<std::string> denied_fields(const canon::FieldPolicy& fields) {
  std::vector<std::string> denied;
  for (const auto& field : fields.oversigned()) {
    if (field.when == canon::Oversigning::always &&
        std::find(added_fields.begin(), added_fields.end(), field.lower_name) != added_fields.end())
      denied.push_back(field.name);
  }
  return denied;
}

// Sets cleanup's own value if it has one, since main.cf's would then change nothing.
std::string always_add(const PostfixSettings& settings, const MailEntry& entry) {
  constexpr const char* name = "always_add_missing_headers";
  const auto* cleanup = cleanup_of(settings, *entry.service);
  return cleanup != nullptr && cleanup->overrides.contains(name) ? settings.set_command(*cleanup, name, "yes")
                                                                 : settings.set_command(name, "yes");
}

Finding denial(const PostfixSettings& settings, const std::vector<const MailEntry*>& entries,
               const std::vector<std::string>& denied) {
  Finding finding{
      Severity::risk,
      "always_add_missing_headers",
      entries.front()->service->label(),
      fmt::format("Postfix does not add Date and Message-ID to the mail of every client that comes in "
                  "here, and oversigned_headers has {} signed as missing: a later hop may add what is "
                  "missing, and that breaks the signature",
                  fmt::join(denied, ", ")),
      fmt::format("in oversigned_headers write {}?, or let Postfix add them to all mail before it is "
                  "signed:",
                  fmt::join(denied, "?, ")),
      {}};
  for (const auto* entry : entries) {
    const auto command = always_add(settings, *entry);
    if (std::find(finding.paste.begin(), finding.paste.end(), command) == finding.paste.end())
      finding.paste.push_back(command);
  }
  finding.paste.push_back(settings.reload_command());
  return finding;
}

// A signature that leaves them out stays valid if they are added later, but the message may be refused.
Finding lack(const PostfixSettings& settings, const MailEntry& entry) {
  constexpr const char* name = "local_header_rewrite_clients";
  constexpr const char* wanted = "permit_inet_interfaces, permit_sasl_authenticated";
  const bool own = entry.service->overrides.contains(name);
  return {
      Severity::note,
      "always_add_missing_headers",
      entry.service->label(),
      "Postfix adds no Date or Message-ID to mail of authenticated clients that lacks them: the signature "
      "stays valid if a later hop adds them, but receivers may refuse the mail",
      "let Postfix add them for authenticated clients, before the mail is signed:",
      {own ? settings.set_command(*entry.service, name, wanted) : settings.set_command(name, wanted),
       settings.reload_command()}};
}

}  // namespace

Findings check_missing_fields(const PostfixSettings& settings, const std::string& socket,
                              const canon::FieldPolicy& fields) {
  Findings findings;
  const auto smtpds = settings.running("smtpd");
  if (!smtpds.empty() && !adds_for_this_host(settings)) {
    findings.push_back({Severity::risk,
                        "local_header_rewrite_clients",
                        "main.cf",
                        "Postfix adds no Date or Message-ID to mail of this host that lacks them: receivers "
                        "refuse such mail or treat it as spam",
                        "let it add them for clients on this host:",
                        {settings.set_command("local_header_rewrite_clients", "permit_inet_interfaces"),
                         settings.reload_command()}});
  }
  const auto entries = mail_entries(settings, socket);
  std::vector<const MailEntry*> without;
  for (const auto& entry : entries) {
    if (entry.service->command == "smtpd" && entry.signs() && !adds_for_all_by(settings, entry))
      without.push_back(&entry);
  }
  if (without.empty()) return findings;
  if (const auto denied = denied_fields(fields); !denied.empty()) {
    findings.push_back(denial(settings, without, denied));
    return findings;
  }
  const auto login = std::find_if(without.begin(), without.end(), [&](const auto* entry) {
    return settings.of(*entry->service, "smtpd_sasl_auth_enable") == "yes";
  });
  if (login != without.end()) findings.push_back(lack(settings, **login));
  return findings;
}

}  // namespace dkim::keytool
