#include "keytool/opendkim/amavis_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "canon/text.hpp"
#include "keytool/opendkim/amavis_lookup.hpp"
#include "keytool/opendkim/amavis_settings.hpp"
#include "keytool/opendkim/binding_plan.hpp"
#include "keytool/opendkim/shown_word.hpp"

namespace dkim::keytool::opendkim {
namespace {

using Scope = AmavisAuthors::Scope;

std::size_t labels_in(const std::string& name) {
  return static_cast<std::size_t>(std::count(name.begin(), name.end(), '.')) + 1;
}

class Planner {
 public:
  Planner(AmavisConf conf, Sources& sources, const ActiveInStore& active_in_store)
      : conf_(std::move(conf)),
        active_in_store_(active_in_store),
        lookup_(conf_),
        keys_(sources, Remark::Kind::unsigned_mail) {
    plan_.signer = "amavisd";
  }

  ImportPlan plan() {
    add_remarks(conf_.remarks);
    if (signs()) {
      for (const auto& authors : groups_of_authors())
        bind(authors);
      plan_ = with_bindings(std::move(plan_), bindings_, keys_, active_in_store_);
      name_unused_keys();
      add_remarks(keys_.remarks());
    }
    plan_.settings = plan_amavis_settings(conf_, used_options_);
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
    const auto service = conf_.switches.find("$dkim_signing_service");
    if (service != conf_.switches.end()) {
      say(unsigned_mail(service->second.place,
                        "$dkim_signing_service: the service chooses keys that are not known here"));
    }
    const auto enabled = conf_.switches.find("$enable_dkim_signing");
    if (enabled == conf_.switches.end()) {
      say(note("",
               "$enable_dkim_signing is not set in these files: amavisd signs only if another file sets it"));
      return true;
    }
    if (enabled->second.value != "0" && !enabled->second.value.empty()) return true;
    say(note(enabled->second.place, "$enable_dkim_signing = 0: this amavisd signs nothing"));
    return false;
  }

  // Returns the groups in the order in which amavisd looks for them, the narrowest first.
  std::vector<AmavisAuthors> groups_of_authors() {
    std::vector<AmavisAuthors> groups;
    std::set<std::pair<Scope, std::string>> known;
    const auto add = [&](AmavisAuthors authors) {
      if (known.emplace(authors.scope, authors.user + "@" + authors.domain).second)
        groups.push_back(std::move(authors));
    };
    for (const auto& table : conf_.tables) {
      for (const auto& [key, options] : table) {
        const std::string place = options.empty() ? std::string() : options.begin()->second.place;
        if (key != canon::lower_case(key)) {
          say(note(place,
                   fmt::format("amavisd never finds the options of {}: it looks for senders in lower case",
                               shown_word(key))));
        } else if (auto authors = authors_of_key(key)) {
          authors->place = place;
          add(*std::move(authors));
        } else {
          say(signed_otherwise(
              place, fmt::format("the options of {} are not taken: that is neither an address nor a "
                                 "domain",
                                 shown_word(key))));
        }
      }
    }
    for (const auto& key : conf_.keys) {
      if (const auto domain = canon::DomainName::parse(key.domain))
        add({Scope::domain, {}, domain->str(), key.place});
    }
    std::stable_sort(groups.begin(), groups.end(), [](const AmavisAuthors& a, const AmavisAuthors& b) {
      if (a.scope != b.scope) return a.scope < b.scope;
      return a.scope == Scope::subdomains && labels_in(a.domain) > labels_in(b.domain);
    });
    return groups;
  }

  void bind(const AmavisAuthors& authors) {
    const auto choice = lookup_.choose(authors);
    std::vector<KeyName> names;
    if (choice.key) {
      used_options_.push_back(choice.options);
      if (auto name = take(*choice.key)) names.push_back(*std::move(name));
    }
    // Without a key nobody's mail is signed in any case.
    if (authors.scope == Scope::everybody && names.empty()) return;
    for (const auto& pattern : authors.patterns())
      bindings_.push_back({pattern, names, authors.place});
  }

  std::optional<KeyName> take(std::size_t number) {
    const auto [entry, added] = taken_.try_emplace(number);
    if (!added) return entry->second;
    const auto& key = conf_.keys[number];
    const std::filesystem::path path(key.file);
    const std::string hint =
        path.is_absolute() ? std::string() : "; the path is relative to where amavisd is started";
    entry->second =
        keys_.take_file(key.domain, key.selector, std::filesystem::path("/") / path, key.place, hint);
    if (!entry->second) return std::nullopt;
    const auto record = record_of_key(key);
    add_remarks(record.remarks);
    if (record.flags) plan_.records.try_emplace(entry->second->domain, *record.flags);
    return entry->second;
  }

  // Leaves a key that signs nothing where it is: once imported, it would sign.
  void name_unused_keys() {
    for (std::size_t i = 0; i < conf_.keys.size(); ++i) {
      if (taken_.find(i) != taken_.end()) continue;
      const auto& key = conf_.keys[i];
      if (key.domain.find('*') != std::string::npos) {
        say(unsigned_mail(key.place,
                          fmt::format("dkim_key: {} signs as whatever domain the author has; dkimsignd "
                                      "needs to know the domains",
                                      shown_word(key.domain))));
      } else if (!canon::DomainName::parse(key.domain)) {
        say(unsigned_mail(key.place, fmt::format("dkim_key: {} is not a domain", shown_word(key.domain))));
      } else {
        say(note(key.place,
                 fmt::format("key {} of {} does not sign: amavisd uses one key, and finds another first",
                             shown_word(key.selector), shown_word(key.domain))));
      }
    }
  }

  const AmavisConf conf_;
  const ActiveInStore& active_in_store_;
  const AmavisLookup lookup_;
  KeyCollector keys_;
  // By number; nothing for a name that cannot be used.
  std::map<std::size_t, std::optional<KeyName>> taken_;
  std::vector<AmavisOptions> used_options_;
  std::vector<Binding> bindings_;
  ImportPlan plan_;
};

}  // namespace

ImportPlan plan_amavis_import(const std::filesystem::path& path, Sources& sources,
                              const ActiveInStore& active_in_store) {
  return Planner(read_amavis_conf(path, sources), sources, active_in_store).plan();
}

}  // namespace dkim::keytool::opendkim
