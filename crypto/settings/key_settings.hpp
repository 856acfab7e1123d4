// The settings that decide how records get into DNS, when keys are replaced, and where a fleet keeps them.
// dkimkey acts on them; the daemon reads them only to report errors, since both share one configuration file.
//
// Errors are SettingsError, with file and line.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "canon/domain_name.hpp"
#include "canon/selector_pattern.hpp"
#include "crypto/settings/notify_address.hpp"
#include "crypto/settings/settings_reader.hpp"
#include "crypto/settings/slot_target.hpp"

namespace dkim::crypto {

// How a domain's records are published.
struct PublishSettings {
  enum class Method { manual, update, hook, lexicon };
  Method method = Method::manual;
  // update: the primary, "ADDRESS" or "ADDRESS@PORT"; if empty, the one that the zone's SOA names.
  std::string server;
  // update: a file with a TSIG key in the form of BIND.
  std::filesystem::path key_file;
  // hook: the program; lexicon: lexicon(1).
  std::filesystem::path program;
  // lexicon: the provider's name as lexicon writes it, lower-case letters and digits.
  std::string provider;
  // lexicon: a file with the variables of its environment that have the credentials.
  std::filesystem::path credentials;
  // lexicon: the zone at the provider; nothing: the one that DNS shows.
  std::optional<canon::DomainName> zone;
  // lexicon: how the value is handed over. The first means as it is, and in other ways if that is refused.
  enum class Form { automatic, plain, strings };
  Form form = Form::automatic;
};

struct KeySettings {
  PublishSettings publish;
  std::map<canon::DomainName, PublishSettings> domains;  // with settings of their own
  std::chrono::seconds every = std::chrono::days(180);
  std::chrono::seconds drain = std::chrono::days(7);
  std::chrono::seconds forget = std::chrono::days(30);
  // Where the CNAMEs of new slots lead; nothing: slots are ordinary names of the domain.
  std::optional<SlotTarget> slot_target;
  // How this machine reaches its fleet's database, if it is in a fleet; nothing: the default file.
  std::optional<std::filesystem::path> fleet;
  // How a turn names new keys; nothing: after the old key, with the date.
  std::optional<canon::SelectorPattern> selector;
  // Who gets mail when something is to be done by a person; nothing: nobody.
  std::optional<NotifyAddress> notify;
  // The program that sends it; empty: the MTA's, at its usual place.
  std::filesystem::path sendmail;

  const PublishSettings& publish_for(const canon::DomainName& domain) const;
};

// Reads these settings from the root of a configuration file and leaves other settings to the caller. Throws
// SettingsError.
KeySettings read_key_settings(SettingsGroup& root);

}  // namespace dkim::crypto
