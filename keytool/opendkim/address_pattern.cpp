#include "keytool/opendkim/address_pattern.hpp"

#include <algorithm>
#include <iterator>

#include "canon/labels.hpp"
#include "canon/text.hpp"

namespace dkim::keytool::opendkim {
namespace {

using Domain = AddressPattern::Domain;

bool has_star(std::string_view text) {
  return text.find('*') != std::string_view::npos;
}

// Returns the domain in lower case and A-labels; nothing if an address cannot have it (a final dot).
std::optional<std::string> domain_text(std::string_view text) {
  if (text.ends_with('.')) return std::nullopt;
  const auto domain = canon::DomainName::parse(text);
  if (!domain) return std::nullopt;
  return domain->str();
}

// Intersects two user parts: the inner value is empty if nothing is common, the outer one if that is unknown.
std::optional<std::optional<std::string>> common_user(const std::string& a, const std::string& b) {
  using Known = std::optional<std::string>;
  if (a.empty() || a == b) return Known(b);
  if (b.empty()) return Known(a);
  if (has_star(a) && has_star(b)) return std::nullopt;
  const bool matches = has_star(a) ? canon::matches_wildcard(a, b) : canon::matches_wildcard(b, a);
  return matches ? Known(has_star(a) ? b : a) : Known();
}

struct DomainPart {
  Domain kind;
  std::string domain;
};

std::optional<std::optional<DomainPart>> common_domain(const AddressPattern& a, const AddressPattern& b) {
  using Known = std::optional<DomainPart>;
  if (a.kind == Domain::any || (a.kind == b.kind && a.domain == b.domain))
    return Known(DomainPart{b.kind, b.domain});
  if (b.kind == Domain::any) return Known(DomainPart{a.kind, a.domain});
  if (a.kind != Domain::host && b.kind == Domain::host) return common_domain(b, a);
  if (a.kind == Domain::host) {
    const bool inside = b.kind == Domain::below  ? canon::is_below(a.domain, b.domain)
                        : b.kind == Domain::glob ? canon::matches_wildcard(b.domain, a.domain)
                                                 : false;
    return inside ? Known(DomainPart{a.kind, a.domain}) : Known();
  }
  if (a.kind == Domain::glob || b.kind == Domain::glob) return std::nullopt;
  if (canon::is_below(a.domain, b.domain)) return Known(DomainPart{a.kind, a.domain});
  if (canon::is_below(b.domain, a.domain)) return Known(DomainPart{b.kind, b.domain});
  return Known();
}

// A run of stars matches what one star matches.
std::string with_single_stars(std::string_view text) {
  std::string out;
  std::unique_copy(text.begin(), text.end(), std::back_inserter(out),
                   [](char a, char b) { return a == '*' && b == '*'; });
  return out;
}

std::optional<AddressPattern> pattern_of_parts(std::string_view user, std::string_view domain) {
  if (user.find('@') != std::string_view::npos) return std::nullopt;
  AddressPattern pattern{canon::lower_case(user == "*" ? "" : user), Domain::any, {}};
  if (domain == "*") return pattern;
  std::optional<std::string> name;
  if (!has_star(domain)) {
    pattern.kind = Domain::host;
    name = domain_text(domain);
  } else if (domain.starts_with("*.") && !has_star(domain.substr(2))) {
    pattern.kind = Domain::below;
    name = domain_text(domain.substr(2));
  } else {
    pattern.kind = Domain::glob;
    // The rest must fit into a domain, whatever the stars match.
    std::string example(domain);
    std::replace(example.begin(), example.end(), '*', 'x');
    if (domain_text(example)) name = canon::lower_case(domain);
  }
  if (!name) return std::nullopt;
  pattern.domain = *std::move(name);
  return pattern;
}

}  // namespace

std::string AddressPattern::text() const {
  if (user.empty() && kind == Domain::any) return "*";
  const std::string before = (user.empty() ? "*" : user) + "@";
  switch (kind) {
    case Domain::any:
      return before + "*";
    case Domain::below:
      return before + "*." + domain;
    case Domain::host:
    case Domain::glob:
      break;
  }
  return before + domain;
}

AddressPattern anyone_at(const canon::DomainName& domain) {
  return {{}, Domain::host, domain.str()};
}

std::optional<AddressPattern> pattern_of_table_key(std::string_view key) {
  if (key == "*") return AddressPattern{};
  const auto at = key.rfind('@');
  const auto user = at == std::string_view::npos ? std::string_view() : key.substr(0, at);
  auto domain = at == std::string_view::npos ? key : key.substr(at + 1);
  // Here a star is an ordinary character, except in "user@*".
  if (has_star(user) || (at != std::string_view::npos && user.empty())) return std::nullopt;
  if (domain == "*") return at == std::string_view::npos ? std::nullopt : pattern_of_parts(user, domain);
  if (has_star(domain)) return std::nullopt;
  if (!domain.starts_with('.')) return pattern_of_parts(at == std::string_view::npos ? "*" : user, domain);
  return pattern_of_parts(at == std::string_view::npos ? "*" : user, "*" + std::string(domain));
}

std::vector<AddressPattern> patterns_of_glob(std::string_view text) {
  std::vector<AddressPattern> patterns;
  const std::string glob = with_single_stars(text);
  const auto add = [&](std::string_view user, std::string_view domain) {
    if (auto pattern = pattern_of_parts(user, domain)) patterns.push_back(*std::move(pattern));
  };
  if (const auto at = glob.rfind('@'); at != std::string_view::npos) {
    // Every address has something in front of its @.
    if (at == 0) return patterns;
    add(std::string_view(glob).substr(0, at), std::string_view(glob).substr(at + 1));
    return patterns;
  }
  for (auto star = glob.find('*'); star != std::string_view::npos; star = glob.find('*', star + 1))
    add(glob.substr(0, star) + "*", "*" + glob.substr(star + 1));
  return patterns;
}

bool covers(const AddressPattern& a, const AddressPattern& b) {
  return canon::matches_wildcard(a.text(), b.text());
}

Overlap overlap_of(const AddressPattern& a, const AddressPattern& b) {
  const auto user = common_user(a.user, b.user);
  const auto domain = common_domain(a, b);
  // Patterns that differ in one part have nothing in common.
  if ((user && !*user) || (domain && !*domain)) return {};
  if (!user || !domain) return {Overlap::Kind::unknown, {}};
  return {Overlap::Kind::known, {**user, (*domain)->kind, (*domain)->domain}};
}

}  // namespace dkim::keytool::opendkim
