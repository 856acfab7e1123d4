// The settings that decide how keys get into DNS and when they turn. dkimkey acts on them; the daemon reads
// them only to say what is wrong with them, since both share one configuration file.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>

#include "canon/domain_name.hpp"
#include "crypto/settings/settings_reader.hpp"

namespace dkim::crypto {

// How a domain's records get into DNS.
struct PublishSettings {
  enum class Method { manual, update, hook };
  Method method = Method::manual;
  // update: the primary, "ADDRESS" or "ADDRESS@PORT"; empty for the one that the zone's SOA names.
  std::string server;
  // update: a TSIG key as BIND writes it.
  std::filesystem::path key_file;
  // hook: the program.
  std::filesystem::path program;
};

struct KeySettings {
  PublishSettings publish;
  std::map<canon::DomainName, PublishSettings> domains;  // those that differ
  std::chrono::seconds every = std::chrono::days(180);
  std::chrono::seconds drain = std::chrono::days(7);
  std::chrono::seconds forget = std::chrono::days(30);

  const PublishSettings& publish_for(const canon::DomainName& domain) const;
};

// Reads them from the root of a configuration file; other settings there are left to the caller. Throws
// SettingsError.
KeySettings read_key_settings(SettingsGroup& root);

}  // namespace dkim::crypto
