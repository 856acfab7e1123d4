#include "keytool/opendkim/rspamd_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "canon/text.hpp"
#include "crypto/error.hpp"
#include "keytool/opendkim/binding_plan.hpp"
#include "keytool/opendkim/rspamd_conf.hpp"
#include "keytool/opendkim/rspamd_keys.hpp"
#include "keytool/opendkim/rspamd_settings.hpp"
#include "keytool/opendkim/rspamd_tables.hpp"
#include "keytool/opendkim/rspamd_values.hpp"
#include "keytool/opendkim/shown_word.hpp"

namespace dkim::keytool::opendkim {
namespace {

class Planner {
 public:
  Planner(RspamdConf conf, Sources& sources, const ActiveInStore& active_in_store)
      : conf_(std::move(conf)),
        sources_(sources),
        active_in_store_(active_in_store),
        keys_(sources, Remark::Kind::unsigned_mail) {
    plan_.signer = "rspamd";
  }

  ImportPlan plan() {
    add_remarks(conf_.remarks);
    plan_.settings = plan_rspamd_settings(conf_, sources_);
    if (signs()) {
      // With both tables, rspamd looks at nothing else.
      if (conf_.signing.find("signing_table") != nullptr && conf_.signing.find("key_table") != nullptr) {
        bindings_ = bind_rspamd_tables(conf_.signing, keys_, sources_);
      } else {
        bind_domains();
      }
      plan_ = with_bindings(std::move(plan_), bindings_, keys_, active_in_store_);
      add_remarks(keys_.remarks());
    }
    add_remarks(plan_.settings.remarks);
    plan_.settings.remarks.clear();
    return finished(std::move(plan_));
  }

 private:
  void say(Remark remark) { plan_.remarks.push_back(std::move(remark)); }
  void add_remarks(const Remarks& remarks) {
    plan_.remarks.insert(plan_.remarks.end(), remarks.begin(), remarks.end());
  }

  bool signs() {
    if (rspamd_switch(conf_.signing, "enabled").value_or(true)) return true;
    say(note(conf_.signing.find("enabled")->place, "enabled = false: this rspamd signs nothing"));
    return false;
  }

  // Takes the keys of a domain. All of them sign.
  std::vector<KeyName> take(const std::string& domain, const std::vector<RspamdKey>& keys) {
    std::vector<KeyName> names;
    for (const auto& key : keys) {
      if (const auto name = keys_.take_file(domain, key.selector, key.path, key.place))
        names.push_back(*name);
    }
    return names;
  }

  void bind_domains() {
    const auto found = find_rspamd_keys(conf_.signing, sources_);
    add_remarks(found.remarks);
    if (bind_all_mail(found)) return;
    const bool for_subdomains = rspamd_switch(conf_.signing, "use_esld").value_or(true);
    std::vector<Binding> below;
    for (const auto& [domain, keys] : found.domains) {
      const std::string place = keys.front().place;
      const auto name = canon::DomainName::parse(domain);
      if (name && for_subdomains && has_parent(*name, found)) {
        say(note(place,
                 fmt::format("rspamd never uses the keys of {}: use_esld makes it sign as a domain above",
                             name->str())));
        continue;
      }
      const auto names = take(domain, keys);
      if (!name) continue;
      bindings_.push_back({anyone_at(*name), names, place});
      if (for_subdomains) below.push_back({{{}, AddressPattern::Domain::below, name->str()}, names, place});
    }
    bindings_.insert(bindings_.end(), below.begin(), below.end());
  }

  static bool has_parent(const canon::DomainName& name, const RspamdKeys& keys) {
    for (auto parent = name.parent(); parent; parent = parent->parent()) {
      if (keys.domains.find(parent->str()) != keys.domains.end()) return true;
    }
    return false;
  }

  // use_domain may name a domain, as which all mail is signed.
  bool bind_all_mail(const RspamdKeys& found) {
    const auto word = rspamd_text(conf_.signing, "use_domain");
    if (!word || *word == "header") return false;
    const auto& place = conf_.signing.find("use_domain")->place;
    if (*word == "envelope" || *word == "auth" || *word == "recipient") {
      say(signed_otherwise(place,
                           fmt::format("use_domain = {}: dkimsignd signs for the author in From: alone, as "
                                       "receivers look for (RFC 9989)",
                                       *word)));
      return false;
    }
    const auto domain = canon::lower_case(*word);
    const auto keys = found.domains.find(domain);
    if (keys == found.domains.end()) {
      say(unsigned_mail(place, fmt::format("use_domain: no key of {} is known", shown_word(domain))));
      return true;
    }
    bindings_.push_back({AddressPattern{}, take(domain, keys->second), place});
    return true;
  }

  const RspamdConf conf_;
  Sources& sources_;
  const ActiveInStore& active_in_store_;
  KeyCollector keys_;
  std::vector<Binding> bindings_;
  ImportPlan plan_;
};

}  // namespace

ImportPlan plan_rspamd_import(const std::filesystem::path& path, Sources& sources,
                              const ActiveInStore& active_in_store) {
  auto conf = read_rspamd_conf(path, sources);
  // It may be another file than the user meant: the names in it are not shown then.
  const auto& members = conf.signing.members;
  if (!members.empty() && std::none_of(members.begin(), members.end(),
                                       [](const auto& member) { return is_rspamd_setting(member.first); })) {
    throw crypto::StoreError(fmt::format(
        "{} is not a configuration of rspamd's dkim_signing: it has none of its settings", path.string()));
  }
  return Planner(std::move(conf), sources, active_in_store).plan();
}

}  // namespace dkim::keytool::opendkim
