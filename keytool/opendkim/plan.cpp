#include "keytool/opendkim/plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "canon/text.hpp"
#include "keytool/opendkim/binding_plan.hpp"
#include "keytool/opendkim/separate.hpp"
#include "keytool/opendkim/service_configuration.hpp"
#include "keytool/opendkim/shown_word.hpp"
#include "keytool/opendkim/table_plan.hpp"

namespace dkim::keytool::opendkim {
namespace {

class Planner {
 public:
  Planner(const ConfFile& conf, Sources& sources, const ActiveInStore& active_in_store)
      : conf_(conf),
        sources_(sources),
        active_in_store_(active_in_store),
        keys_(sources, Remark::Kind::unsigned_mail) {}

  ImportPlan plan() {
    plan_.settings = plan_daemon_settings(conf_, sources_);
    if (signs()) {
      if (conf_.find("KeyTable") != nullptr || conf_.find("SigningTable") != nullptr) {
        take_tables();
      } else {
        take_single_key();
      }
      exempt_domains();
      say_what_signs();
    }
    collect_remarks();
    return std::move(plan_);
  }

 private:
  void lose(const std::string& place, const std::string& text) {
    plan_.remarks.push_back(unsigned_mail(place, text));
  }
  void add_remarks(const Remarks& remarks) {
    plan_.remarks.insert(plan_.remarks.end(), remarks.begin(), remarks.end());
  }

  // "sv" by default.
  bool signs() {
    const auto* mode = conf_.find("Mode");
    if (mode == nullptr || mode->value.find('s') != std::string::npos) return true;
    plan_.remarks.push_back(
        note(mode->place, fmt::format("Mode {}: this opendkim signs nothing", shown_word(mode->value))));
    return false;
  }

  std::optional<DataSet> data_set(const char* name, Remark::Kind loss = Remark::Kind::unsigned_mail) {
    const auto* setting = conf_.find(name);
    if (setting == nullptr) return std::nullopt;
    auto data = read_data_set(conf_, *setting, sources_);
    if (data) return *std::move(data);
    plan_.remarks.push_back(
        {loss, setting->place, fmt::format("{}: {}", setting->name, data.refusal().reason)});
    return std::nullopt;
  }

  void take_tables() {
    for (const auto* name : {"Domain", "Selector", "KeyFile"}) {
      if (const auto* setting = conf_.find(name))
        plan_.remarks.push_back(
            note(setting->place, fmt::format("{} has no effect beside a KeyTable", setting->name)));
    }
    const auto* signing = conf_.find("SigningTable");
    if (signing == nullptr || conf_.find("KeyTable") == nullptr) {
      lose("", signing == nullptr ? "KeyTable without SigningTable: nothing says whose mail is signed"
                                  : "SigningTable without KeyTable: opendkim does not start with that");
      return;
    }
    const auto key_data = data_set("KeyTable");
    const auto signing_data = data_set("SigningTable");
    if (!key_data || !signing_data) return;
    const auto key_table = read_key_table(*key_data);
    const auto signing_table = read_signing_table(*signing_data);
    add_remarks(key_table.remarks);
    add_remarks(signing_table.remarks);
    auto bindings = bind_tables(conf_, key_table, signing_table, keys_, sources_);
    if (conf_.is_on("MultipleSignatures")) {
      auto separated = separate(bindings);
      bindings = std::move(separated.bindings);
      add_remarks(separated.remarks);
    }
    plan_ = with_bindings(std::move(plan_), bindings, keys_, active_in_store_);
    name_unused_keys(key_table);
  }

  void take_single_key() {
    const auto* selector = conf_.find("Selector");
    const auto* file = conf_.find("KeyFile");
    const auto domains = data_set("Domain");
    if (selector == nullptr && file == nullptr && conf_.find("Domain") == nullptr) {
      plan_.remarks.push_back(note("", "neither a Domain nor a KeyTable: this opendkim signs nothing"));
      return;
    }
    if (selector == nullptr || file == nullptr || conf_.find("Domain") == nullptr) {
      lose("",
           "neither Domain, Selector and KeyFile nor KeyTable and SigningTable are complete: nothing says "
           "what is signed with which key");
      return;
    }
    if (!domains) return;
    add_remarks(domains->remarks);
    if (!lists_domains(*domains)) {
      lose(domains->file, "Domain: none of its lines is a domain");
      return;
    }
    const auto [path, hint] = conf_.locate(file->value, sources_);
    for (const auto& entry : domains->entries) {
      if (entry.key.find('*') == std::string::npos) {
        keys_.take_file(entry.key, selector->value, path, file->place, hint);
      } else if (entry.key == "*" || domains->type == DataSetName::Type::patterns) {
        lose(entry.place,
             fmt::format(
                 "Domain {} signs as whatever domain the author has; dkimsignd needs to know the domains",
                 shown_word(entry.key)));
      } else {
        plan_.remarks.push_back(
            note(entry.place, fmt::format("Domain {} matches no domain there", shown_word(entry.key))));
      }
    }
    set_subdomains({.sign = conf_.is_on("SubDomains")});
  }

  // A file may be anything: its lines are not shown unless they are domains.
  static bool lists_domains(const DataSet& data) {
    return data.file.empty() || data.entries.empty() ||
           std::any_of(data.entries.begin(), data.entries.end(), [](const DataEntry& entry) {
             return entry.key.find('.') != std::string::npos && is_harmless_word(entry.key);
           });
  }

  void set_subdomains(Subdomains subdomains) {
    for (const auto& [name, key] : keys_.keys())
      plan_.subdomains[name.domain] = subdomains;
  }

  // Puts the exempt domains first, so that no other rule applies to them.
  void exempt_domains() {
    const auto exempt = data_set("ExemptDomains", Remark::Kind::signed_otherwise);
    if (!exempt || keys_.keys().empty()) return;
    add_remarks(exempt->remarks);
    if (!lists_domains(*exempt)) {
      plan_.remarks.push_back(signed_otherwise(exempt->file, "ExemptDomains: none of its lines is a domain"));
      return;
    }
    std::vector<PlannedRule> rules;
    for (const auto& entry : exempt->entries) {
      if (exempt->type == DataSetName::Type::patterns) {
        for (const auto& pattern : patterns_of_glob("*@" + entry.key))
          rules.push_back({pattern, std::nullopt, {}});
      } else if (const auto domain = canon::DomainName::parse(entry.key)) {
        rules.push_back({anyone_at(*domain), std::nullopt, {}});
      }
    }
    rules.insert(rules.end(), plan_.rules.begin(), plan_.rules.end());
    plan_.rules = without_hidden(std::move(rules));
  }

  // Leaves a key that no line names where it is: once imported, it would sign.
  void name_unused_keys(const KeyTable& table) {
    for (const auto& entry : table.entries) {
      const auto domain = canon::DomainName::parse(entry.domain);
      const auto selector = canon::Selector::parse(entry.selector);
      if (domain && selector && keys_.keys().find({*domain, *selector}) == keys_.keys().end() &&
          !keys_.has_failed({*domain, *selector})) {
        plan_.remarks.push_back(
            note(entry.place,
                 fmt::format("key name {} ({} of {}) is named by no line of SigningTable: it does not sign",
                             shown_word(entry.name), selector->str(), domain->str())));
      }
    }
  }

  // The key decides the algorithm. opendkim's setting can contradict it, which breaks every signature.
  void say_what_signs() {
    const auto* setting = conf_.find("SignatureAlgorithm");
    if (setting == nullptr) return;
    if (canon::equal_ignoring_case(setting->value, "rsa-sha1")) {
      plan_.remarks.push_back(note(setting->place,
                                   "SignatureAlgorithm rsa-sha1: receivers no longer accept it (RFC 8301); "
                                   "dkimsignd signs with rsa-sha256"));
    }
    for (const auto& [name, key] : keys_.keys()) {
      const bool wants_ed25519 = canon::lower_case(setting->value).starts_with("ed25519");
      if (wants_ed25519 == (key.key->algorithm() == crypto::Algorithm::ed25519)) continue;
      plan_.remarks.push_back(
          note(setting->place,
               fmt::format("SignatureAlgorithm {} is not that of {}: opendkim's signatures with it "
                           "are invalid; dkimsignd goes by the key",
                           shown_word(setting->value), key.source)));
      return;
    }
  }

  void collect_remarks() {
    plan_.keys = keys_.keys();
    add_remarks(conf_.remarks());
    add_remarks(keys_.remarks());
    add_remarks(plan_.settings.remarks);
    plan_.settings.remarks.clear();
  }

  const ConfFile& conf_;
  Sources& sources_;
  const ActiveInStore& active_in_store_;
  KeyCollector keys_;
  ImportPlan plan_;
};

}  // namespace

ImportPlan plan_import(const std::filesystem::path& opendkim_conf, Sources& sources,
                       const ActiveInStore& active_in_store) {
  const auto [conf, remarks] = read_service_configuration(opendkim_conf, sources);
  auto plan = Planner(conf, sources, active_in_store).plan();
  plan.remarks.insert(plan.remarks.begin(), remarks.begin(), remarks.end());
  return finished(std::move(plan));
}

}  // namespace dkim::keytool::opendkim
