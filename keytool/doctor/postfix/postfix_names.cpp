// Checks the names under which Postfix greets and writes.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "canon/text.hpp"
#include "keytool/doctor/postfix/postfix_checks.hpp"
#include "keytool/doctor/postfix/relay.hpp"
#include "keytool/doctor/postfix/setting_words.hpp"

namespace dkim::keytool {

bool is_public_name(std::string_view name) {
  static const std::set<std::string, std::less<>> private_endings = {
      "local", "localdomain", "localhost", "invalid", "internal", "lan",
      "home",  "corp",        "intranet",  "private", "box",      "arpa"};
  while (name.ends_with('.'))
    name.remove_suffix(1);
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos) return false;
  const auto ending = canon::lower_case(name.substr(dot + 1));
  // An address literal is not a name.
  if (!std::any_of(ending.begin(), ending.end(), [](char c) { return !canon::is_digit(c); })) return false;
  // "box" is a real top-level domain; routers use fritz.box.
  if (ending == "box") return !canon::lower_case(name).ends_with("fritz.box");
  return !private_endings.contains(ending);
}

Findings check_names(const PostfixSettings& settings) {
  Findings findings;
  const auto helo = settings.of("smtp_helo_name");
  // A relay identifies its client by other means; receivers know only this name.
  if (!is_public_name(helo) && relay_of(settings).empty()) {
    findings.push_back(
        {Severity::risk,
         "myhostname",
         helo,
         fmt::format("Postfix greets other servers as {}, a name that nobody can look up: many refuse "
                     "such mail or treat it as spam",
                     helo),
         "set myhostname to the host's public name, the one that the PTR record of its "
         "address has, and reload Postfix",
         {}});
  } else {
    findings.push_back({Severity::good, "myhostname", helo, "is the name in Postfix's greeting", "", {}});
  }
  for (const auto* name : {"sender_dependent_relayhost_maps", "sender_dependent_default_transport_maps"}) {
    if (settings.of(name).empty()) continue;
    findings.push_back(
        {Severity::unknown,
         name,
         "main.cf",
         fmt::format("{}: mail of some senders goes through other relays, which are not checked",
                     settings.of(name)),
         "make sure that the SPF records of these senders' domains cover their relays",
         {}});
  }
  return findings;
}

}  // namespace dkim::keytool
