#include "keytool/opendkim/table_plan.hpp"

#include <fmt/format.h>

#include <set>

#include "crypto/error.hpp"
#include "keytool/opendkim/path_template.hpp"
#include "keytool/opendkim/shown_word.hpp"

namespace dkim::keytool::opendkim {
namespace {

using Domain = AddressPattern::Domain;

std::string replace_percent(const std::string& text, const std::string& domain) {
  return filled_in(text, "%", domain);
}

AddressPattern at_host(const AddressPattern& pattern, const std::string& host) {
  return {pattern.user, Domain::host, host};
}

class Binder {
 public:
  Binder(const ConfFile& conf, const KeyTable& table, KeyCollector& keys, Sources& sources)
      : conf_(conf), table_(table), keys_(keys), sources_(sources) {}

  void bind(const SigningTableEntry& entry) {
    if (entry.key_name != "%") {
      bind_name(entry.pattern, entry.key_name, entry.place);
      return;
    }
    if (entry.pattern.kind == Domain::host) {
      bind_name(entry.pattern, entry.pattern.domain, entry.place);
      return;
    }
    // opendkim looks for the author's domain in the key table: takes each name there that such an author can
    // have.
    for (const auto& key : table_.entries) {
      const auto domain = canon::DomainName::parse(key.name);
      if (domain && covers(entry.pattern, at_host(entry.pattern, domain->str())))
        bind_key(at_host(entry.pattern, domain->str()), key, entry.place);
    }
    leave_the_others_unsigned(entry.pattern, entry.place);
  }

  std::vector<Binding> take() { return std::move(bindings_); }

 private:
  void lose(const std::string& place, const std::string& text) {
    keys_.add_remark(unsigned_mail(place, text));
  }

  // opendkim defers mail without a key: Postfix keeps it.
  void leave_the_others_unsigned(const AddressPattern& pattern, const std::string& place) {
    keys_.add_remark(let_through(
        place, fmt::format("{}: mail of other domains, which opendkim defers because it has no key, "
                           "goes out unsigned",
                           pattern.text())));
    bindings_.push_back({pattern, {}, place});
  }

  void bind_name(const AddressPattern& pattern, const std::string& name, const std::string& place) {
    if (const auto* key = table_.find(name)) {
      bind_key(pattern, *key, place);
      return;
    }
    lose(place,
         fmt::format("{}: KeyTable has no {}; opendkim defers such mail, dkimsignd lets it go unsigned",
                     pattern.text(), shown_word(name)));
    bindings_.push_back({pattern, {}, place});
  }

  void bind_key(const AddressPattern& pattern, const KeyTableEntry& key, const std::string& place) {
    const bool open_path = key.has_path() && key.key.find('%') != std::string::npos;
    if (pattern.kind == Domain::host || (key.domain != "%" && !open_path)) {
      const auto& author = pattern.domain;
      const auto name = take_key(key, key.domain == "%" ? author : key.domain, author);
      bindings_.push_back({pattern, name ? std::vector{*name} : std::vector<KeyName>{}, place});
    } else if (key.domain == "%" && open_path) {
      bind_each_file(pattern, key, place);
    } else {
      lose(place,
           open_path
               ? fmt::format("{}: key {} is another file for each author's domain, all as {}", pattern.text(),
                             key.name, key.domain)
               : fmt::format("{}: key {} signs as d=the author's domain, whichever that is; dkimsignd needs "
                             "to know the domains: name them in the table",
                             pattern.text(), key.name));
      bindings_.push_back({pattern, {}, place});
    }
  }

  std::optional<KeyName> take_key(const KeyTableEntry& key, const std::string& domain,
                                  const std::string& author) {
    if (!key.has_path()) return keys_.take_text(domain, key.selector, key.key, key.place);
    const auto [path, hint] = conf_.locate(replace_percent(key.key, author), sources_);
    return keys_.take_file(domain, key.selector, path, key.place, hint);
  }

  // A path with % means as many domains as there are files.
  void bind_each_file(const AddressPattern& pattern, const KeyTableEntry& key, const std::string& place) {
    const std::string path = conf_.resolve(key.key).string();
    const auto percent = path.find('%');
    const auto slash = path.rfind('/', percent);
    const auto end = std::min(path.find('/', percent), path.size());
    const std::string before = path.substr(slash + 1, percent - slash - 1);
    const std::string after = path.substr(percent + 1, end - percent - 1);
    for (const auto& name : names_beside(path.substr(0, slash + 1), place)) {
      if (name.size() <= before.size() + after.size() || !name.starts_with(before)) continue;
      const auto rest = name.substr(before.size());
      // Another % is the same domain again.
      const auto domain = canon::DomainName::parse(rest.substr(0, domain_length(rest, after)));
      if (!domain || before + replace_percent("%" + after, domain->str()) != name) continue;
      const auto host = at_host(pattern, domain->str());
      // "backup" beside the domains is no domain, whatever it is.
      if (!covers(pattern, host) || host.domain.find('.') == std::string::npos) continue;
      const auto directory = end < path.size() ? path.substr(0, slash + 1) + name : std::string();
      bind_file(host, key, {replace_percent(path, domain->str()), directory}, place);
    }
    leave_the_others_unsigned(pattern, place);
  }

  struct FileOfDomain {
    std::string path;
    std::string directory;  // the domain's own; empty if all domains' files are in one
  };

  // Only a file at the whole path names a domain, not what else is beside the domains' directories or keys.
  void bind_file(const AddressPattern& host, const KeyTableEntry& key, const FileOfDomain& file,
                 const std::string& place) {
    if (sources_.entry_at(file.path) == Sources::Entry::file) {
      const auto taken = keys_.take_file(host.domain, key.selector, file.path, key.place);
      bindings_.push_back({host, taken ? std::vector{*taken} : std::vector<KeyName>{}, place});
      return;
    }
    const bool is_domain =
        !file.directory.empty() && sources_.entry_at(file.directory) == Sources::Entry::directory;
    if (is_domain && missing_.insert(file.path).second)
      lose(key.place,
           fmt::format("there is no key at {}: opendkim defers mail of {}", file.path, host.domain));
  }

  std::vector<std::string> names_beside(const std::string& directory, const std::string& place) {
    try {
      return sources_.names_in(directory);
    } catch (const crypto::StoreError& error) {
      lose(place, error.what());
      return {};
    }
  }

  static std::size_t domain_length(const std::string& rest, const std::string& after) {
    const auto next = after.find('%');
    if (next == std::string::npos) return rest.size() - after.size();
    const auto literal = after.substr(0, next);
    return literal.empty() ? rest.size() / 2 : rest.find(literal);
  }

  const ConfFile& conf_;
  const KeyTable& table_;
  KeyCollector& keys_;
  Sources& sources_;
  std::vector<Binding> bindings_;
  std::set<std::string> missing_;  // already remarked on
};

}  // namespace

std::vector<Binding> bind_tables(const ConfFile& conf, const KeyTable& key_table,
                                 const SigningTable& signing_table, KeyCollector& keys, Sources& sources) {
  Binder binder(conf, key_table, keys, sources);
  for (const auto& entry : signing_table.entries)
    binder.bind(entry);
  return binder.take();
}

}  // namespace dkim::keytool::opendkim
