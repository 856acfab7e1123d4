#include "keytool/opendkim/amavis_lookup.hpp"

#include <algorithm>

#include "canon/text.hpp"

namespace dkim::keytool::opendkim {
namespace {

using Scope = AmavisAuthors::Scope;

// Returns whether one of the words between colons is among those: "sha1:sha256".
bool lists(std::string_view text, std::initializer_list<std::string_view> wanted) {
  while (true) {
    const auto end = std::min(text.find(':'), text.size());
    const auto word = canon::trim_fws(text.substr(0, end));
    if (std::find(wanted.begin(), wanted.end(), word) != wanted.end()) return true;
    if (end == text.size()) return false;
    text.remove_prefix(end + 1);
  }
}

// Returns the keys that amavisd looks for in each table, the most precise first.
std::vector<std::string> keys_to_look_for(const AmavisAuthors& authors) {
  std::vector<std::string> keys;
  if (authors.scope == Scope::address) {
    keys.push_back(authors.user + "@" + authors.domain);
    keys.push_back(authors.user + "@");
  }
  if (authors.scope == Scope::address || authors.scope == Scope::domain) keys.push_back(authors.domain);
  if (authors.scope != Scope::everybody) {
    for (std::string_view rest = authors.domain; !rest.empty();) {
      keys.push_back("." + std::string(rest));
      const auto dot = rest.find('.');
      rest = dot == std::string_view::npos ? std::string_view() : rest.substr(dot + 1);
    }
  }
  keys.emplace_back(".");
  return keys;
}

std::optional<std::string> value_of(const AmavisOptions& options, const std::string& name) {
  const auto found = options.find(name);
  return found == options.end() ? std::nullopt : std::optional(found->second.value);
}

}  // namespace

std::string plain_domain(const std::string& text) {
  const auto domain = canon::DomainName::parse(text);
  return domain ? domain->str() : canon::lower_case(text);
}

std::vector<AddressPattern> AmavisAuthors::patterns() const {
  using Domain = AddressPattern::Domain;
  switch (scope) {
    case Scope::address:
      return {{user, Domain::host, domain}};
    case Scope::domain:
      return {{{}, Domain::host, domain}};
    case Scope::subdomains:
      return {{{}, Domain::host, domain}, {{}, Domain::below, domain}};
    case Scope::everybody:
      break;
  }
  return {AddressPattern{}};
}

std::optional<AmavisAuthors> authors_of_key(const std::string& key) {
  if (key == ".") return AmavisAuthors{};
  AmavisAuthors authors;
  std::string domain = key;
  if (const auto at = key.rfind('@'); at != std::string::npos) {
    authors.scope = Scope::address;
    authors.user = canon::lower_case(key.substr(0, at));
    domain = key.substr(at + 1);
    // A star is an ordinary character there.
    if (authors.user.empty() || authors.user.find('*') != std::string::npos) return std::nullopt;
  } else if (domain.starts_with('.')) {
    authors.scope = Scope::subdomains;
    domain.erase(0, 1);
  } else {
    authors.scope = Scope::domain;
  }
  const auto parsed = canon::DomainName::parse(domain);
  if (!parsed) return std::nullopt;
  authors.domain = parsed->str();
  return authors;
}

AmavisLookup::AmavisLookup(const AmavisConf& conf) : conf_(conf) {
  for (std::size_t i = 0; i < conf_.keys.size(); ++i)
    keys_by_domain_[plain_domain(conf_.keys[i].domain)].push_back(i);
  for (std::size_t i = 0; i < conf_.tables.size(); ++i) {
    for (const auto& [key, options] : conf_.tables[i])
      tables_by_key_[key].push_back(i);
  }
}

AmavisOptions AmavisLookup::options_for(const AmavisAuthors& authors) const {
  const auto keys = keys_to_look_for(authors);
  // The first table comes first, and in it the most precise key.
  std::vector<std::pair<std::size_t, std::size_t>> entries;
  for (std::size_t k = 0; k < keys.size(); ++k) {
    const auto tables = tables_by_key_.find(keys[k]);
    if (tables == tables_by_key_.end()) continue;
    for (const auto table : tables->second)
      entries.emplace_back(table, k);
  }
  std::sort(entries.begin(), entries.end());
  AmavisOptions options;
  for (const auto& [table, k] : entries) {
    const auto& entry = conf_.tables[table].find(keys[k])->second;
    // The first value of each option counts.
    options.insert(entry.begin(), entry.end());
  }
  return options;
}

AmavisChoice AmavisLookup::choose(const AmavisAuthors& authors) const {
  AmavisChoice choice{std::nullopt, options_for(authors)};
  const bool has_domain = authors.scope == Scope::address || authors.scope == Scope::domain;
  const auto domain = value_of(choice.options, "d").value_or(has_domain ? authors.domain : std::string());
  const auto keys = keys_by_domain_.find(plain_domain(domain));
  if (domain.empty() || keys == keys_by_domain_.end()) return choice;
  const auto selector = canon::lower_case(value_of(choice.options, "s").value_or(""));
  const auto algorithm = canon::lower_case(value_of(choice.options, "a").value_or("rsa-sha256"));
  const auto dash = std::min(algorithm.find('-'), algorithm.size());
  const auto hash = dash < algorithm.size() ? algorithm.substr(dash + 1) : std::string();
  // Its keys are RSA keys, whatever they say.
  if (algorithm.substr(0, dash) != "rsa") return choice;
  for (const auto i : keys->second) {
    const auto& key = conf_.keys[i];
    if (!selector.empty() && canon::lower_case(key.selector) != selector) continue;
    if (const auto service = value_of(key.options, "s"); service && !lists(*service, {"*", "email"}))
      continue;
    if (const auto hashes = value_of(key.options, "h"); hashes && !hash.empty() && !lists(*hashes, {hash}))
      continue;
    choice.key = i;
    return choice;
  }
  return choice;
}

}  // namespace dkim::keytool::opendkim
