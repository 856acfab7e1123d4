#include "keytool/opendkim/rspamd_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "canon/text.hpp"
#include "keytool/opendkim/host_list.hpp"
#include "keytool/opendkim/rspamd_values.hpp"
#include "keytool/opendkim/shown_word.hpp"

namespace dkim::keytool::opendkim {
namespace {

// rspamd counts these as local, whatever local_addrs says.
constexpr std::array always_local{"127.0.0.0/8", "::1", "fe80::/10"};
// local_addrs in rspamd's own options.inc.
constexpr std::array default_local{"192.168.0.0/16", "10.0.0.0/8", "172.16.0.0/12", "fd00::/8",
                                   "169.254.0.0/16"};

enum class Fate {
  taken,      // import acts on it
  elsewhere,  // dkimsignd has its own way, or needs nothing of the kind
  if_on_unsigned,
  if_on_otherwise,
};
struct Known {
  std::string_view name;
  Fate fate;
  std::string_view why;
};

constexpr std::string_view other_author =
    "dkimsignd signs for the author in From: alone, as receivers look for (RFC 9989)";
constexpr std::array known_settings{
    Known{"domain", Fate::taken, ""},
    Known{"enabled", Fate::taken, ""},
    Known{"key_table", Fate::taken, ""},
    Known{"path", Fate::taken, ""},
    Known{"path_map", Fate::taken, ""},
    Known{"selector", Fate::taken, ""},
    Known{"selector_map", Fate::taken, ""},
    Known{"sign_authenticated", Fate::taken, ""},
    Known{"sign_local", Fate::taken, ""},
    Known{"sign_networks", Fate::taken, ""},
    Known{"signing_table", Fate::taken, ""},
    Known{"try_fallback", Fate::taken, ""},
    Known{"use_domain", Fate::taken, ""},
    Known{"use_esld", Fate::taken, ""},
    Known{"allow_username_mismatch", Fate::taken, ""},
    Known{"allow_envfrom_empty", Fate::taken, ""},
    Known{"allow_hdrfrom_mismatch", Fate::taken, ""},
    Known{"allow_hdrfrom_mismatch_local", Fate::elsewhere, "the envelope's sender does not matter"},
    Known{"allow_hdrfrom_mismatch_sign_networks", Fate::elsewhere, "the envelope's sender does not matter"},
    Known{"allow_hdrfrom_multiple", Fate::elsewhere, "a message with two From fields is never signed"},
    Known{"allow_pubkey_mismatch", Fate::elsewhere, "dkimkey check compares records and keys"},
    Known{"check_pubkey", Fate::elsewhere, "dkimkey check compares records and keys"},
    Known{"key_prefix", Fate::elsewhere, "keys are files"},
    Known{"selector_prefix", Fate::elsewhere, "keys are files"},
    Known{"symbol", Fate::elsewhere, "dkimsignd adds nothing but signatures"},
    Known{"use_milter_headers", Fate::elsewhere, "dkimsignd adds nothing but signatures"},
    Known{"skip_spam_sign", Fate::elsewhere, "dkimsignd does not judge mail"},
    Known{"check_violation", Fate::elsewhere, "dkimsignd does not verify"},
    Known{"use_redis", Fate::if_on_unsigned,
          "keys in Redis are not read; import each with: redis-cli HGET DKIM_KEYS SELECTOR.DOMAIN | dkimkey "
          "import "
          "--domain DOMAIN --selector SELECTOR -"},
    Known{"use_vault", Fate::if_on_unsigned,
          "keys in a vault are not read; import each with: dkimkey import --pem"},
    Known{"use_http_headers", Fate::if_on_unsigned, "keys that come with each message are not known here"},
    Known{"sign_condition", Fate::if_on_unsigned, "dkimsignd runs no scripts"},
    Known{"sign_inbound", Fate::if_on_unsigned, "dkimsignd does not sign mail from outside"},
    Known{"use_domain_custom", Fate::if_on_otherwise, "dkimsignd runs no scripts"},
    Known{"use_domain_sign_inbound", Fate::if_on_otherwise, other_author},
    Known{"use_domain_sign_local", Fate::if_on_otherwise, other_author},
    Known{"use_domain_sign_networks", Fate::if_on_otherwise, other_author},
};

class Translator {
 public:
  Translator(const RspamdConf& conf, Sources& sources) : conf_(conf), sources_(sources) {}

  DaemonSettings translate() {
    read_networks();
    read_clients();
    for (const auto& [name, values] : conf_.signing.members)
      name_setting(name, values.front());
    return std::move(settings_);
  }

 private:
  void say(Remark remark) { settings_.remarks.push_back(std::move(remark)); }
  void add_remarks(const Remarks& remarks) {
    settings_.remarks.insert(settings_.remarks.end(), remarks.begin(), remarks.end());
  }

  std::vector<DataEntry> networks(const UclValue& section, std::string_view setting) {
    auto map = read_rspamd_map(section, setting, sources_, Remark::Kind::unsigned_mail);
    add_remarks(map.remarks);
    std::vector<DataEntry> entries;
    for (auto& line : map.lines)
      entries.push_back({std::move(line.key), {}, std::move(line.place)});
    return entries;
  }

  void read_networks() {
    std::vector<DataEntry> listed = networks(conf_.signing, "sign_networks");
    if (rspamd_switch(conf_.signing, "sign_local").value_or(true)) {
      for (const auto* network : always_local)
        listed.push_back({network, {}, conf_.place});
      if (conf_.options.find("local_addrs") != nullptr) {
        const auto local = networks(conf_.options, "local_addrs");
        listed.insert(listed.end(), local.begin(), local.end());
      } else {
        for (const auto* network : default_local)
          listed.push_back({network, {}, conf_.place});
        say(note("",
                 "local_addrs is not set: the private networks of rspamd's default are taken, see "
                 "trusted_networks"));
      }
    }
    const HostList list(DataSet{DataSetName::Type::list, std::move(listed)}, "sign_networks or local_addrs",
                        Remark::Kind::unsigned_mail);
    add_remarks(list.remarks());
    settings_.trusted_networks = list.networks_without({});
  }

  void read_clients() {
    const auto& signing = conf_.signing;
    if (!rspamd_switch(signing, "sign_authenticated").value_or(true)) settings_.sign_authenticated = false;
    if (settings_.sign_authenticated.value_or(true) &&
        !rspamd_switch(signing, "allow_username_mismatch").value_or(false))
      settings_.logins = DaemonSettings::Logins::own_domain;
    if (!rspamd_switch(signing, "allow_hdrfrom_mismatch").value_or(false)) {
      say(note(
          "",
          "allow_hdrfrom_mismatch is off: rspamd leaves mail unsigned whose envelope's sender is of another "
          "domain than the author; dkimsignd goes by the author alone"));
    }
    if (const auto* setting = signing.find("allow_envfrom_empty");
        setting != nullptr && !rspamd_switch(signing, "allow_envfrom_empty").value_or(true)) {
      say(signed_otherwise(
          setting->place,
          "allow_envfrom_empty: rspamd leaves mail without an envelope's sender unsigned; dkimsignd "
          "goes by the author alone"));
    }
  }

  static bool is_on(const UclValue& value) {
    if (!value.is_text()) return true;
    const auto word = canon::lower_case(value.text);
    return word != "false" && word != "no" && word != "off" && word != "header" && !word.empty();
  }

  void name_setting(const std::string& name, const UclValue& value) {
    const auto known = std::find_if(known_settings.begin(), known_settings.end(),
                                    [&](const Known& entry) { return entry.name == name; });
    if (known == known_settings.end()) {
      say(not_taken(value.place, fmt::format("{}: import does not know this setting", shown_word(name))));
      return;
    }
    if (known->fate == Fate::taken && name != "domain" && conf_.signing.all(name).size() > 1 &&
        name != "signing_table" && name != "key_table" && name != "sign_networks") {
      say(signed_otherwise(value.place,
                           fmt::format("{} is given more than once: rspamd cannot use it, and its default "
                                       "is taken here",
                                       name)));
    }
    switch (known->fate) {
      case Fate::taken:
        break;
      case Fate::elsewhere:
        say(note(value.place, fmt::format("{}: {}", name, known->why)));
        break;
      case Fate::if_on_unsigned:
        if (is_on(value)) say(unsigned_mail(value.place, fmt::format("{}: {}", name, known->why)));
        break;
      case Fate::if_on_otherwise:
        if (is_on(value)) say(signed_otherwise(value.place, fmt::format("{}: {}", name, known->why)));
        break;
    }
  }

  const RspamdConf& conf_;
  Sources& sources_;
  DaemonSettings settings_;
};

}  // namespace

DaemonSettings plan_rspamd_settings(const RspamdConf& conf, Sources& sources) {
  return Translator(conf, sources).translate();
}

bool is_rspamd_setting(std::string_view name) {
  return std::any_of(known_settings.begin(), known_settings.end(),
                     [&](const Known& entry) { return entry.name == name; });
}

}  // namespace dkim::keytool::opendkim
