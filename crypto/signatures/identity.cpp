#include "crypto/signatures/identity.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "canon/loose_mailbox.hpp"
#include "canon/text.hpp"
#include "crypto/error.hpp"

namespace dkim::crypto {
namespace {

// Each author costs a look-up in the store for each parent domain. A message with more authors is an attack.
constexpr std::size_t most_authors = 32;

std::string address_of(const canon::Mailbox& mailbox) {
  return mailbox.local_part + "@" + mailbox.domain;
}

using Cause = NoIdentity::Cause;

// Returns why a domain that has keys does not sign.
NoIdentity inactive(const canon::DomainName& domain, const Manifest& manifest, const std::string& author) {
  if (manifest.keys.empty())
    return {Cause::no_key, fmt::format("domain {} has no key", domain.str()), author};
  NoIdentity none{Cause::no_active_key, "", author};
  for (const auto& key : manifest.keys) {
    if (key.state == KeyState::active) continue;
    if (key.state == KeyState::pending) none.cause = Cause::key_pending;
    if (!none.reason.empty()) none.reason += ", ";
    none.reason += fmt::format("key {} of {} is {}", key.selector.str(), domain.str(), to_string(key.state));
  }
  return none;
}

std::vector<SigningKey> selected_keys(const DomainKeys& keys, const std::vector<canon::Selector>& selectors) {
  if (selectors.empty()) return keys.active;
  std::vector<SigningKey> out;
  for (const auto& key : keys.active) {
    const auto* entry = keys.manifest.find(key.selector);
    // A rule outlives the key it names: its successors sign in its place.
    if (std::any_of(selectors.begin(), selectors.end(),
                    [&](const auto& selector) { return keys.manifest.stands_for(*entry, selector); })) {
      out.push_back(key);
    }
  }
  return out;
}

// A rule that matches decides even if its domain has no key: falling back to the author's own domain would
// sign for a domain that the administrator excluded.
Identity identity_by_rule(const SenderRule& rule, const std::string& author, KeySource& source) {
  if (!rule.domain)
    return NoIdentity{Cause::rule, fmt::format("a rule says not to sign for {}", rule.sender), author};
  const auto keys = source.find(*rule.domain);
  if (keys == nullptr)
    return NoIdentity{Cause::no_key,
                      fmt::format("domain {}, named by a rule, has no key", rule.domain->str()), author};
  if (keys->active.empty()) return inactive(*rule.domain, keys->manifest, author);
  auto selected = selected_keys(*keys, rule.selectors);
  if (selected.empty()) {
    return NoIdentity{Cause::no_active_key,
                      fmt::format("none of the selectors a rule names is active in {}", rule.domain->str()),
                      author};
  }
  return SigningIdentity{*rule.domain, std::move(selected), author};
}

Identity identity_by_domain(const canon::DomainName& author_domain, const std::string& author,
                            KeySource& source) {
  std::optional<NoIdentity> first_reason;
  for (std::optional<canon::DomainName> domain = author_domain; domain; domain = domain->parent()) {
    const auto keys = source.find(*domain);
    if (keys == nullptr) continue;
    if (*domain != author_domain && !keys->manifest.subdomains) {
      if (!first_reason) {
        first_reason = {Cause::subdomain,
                        fmt::format("domain {} does not sign for its subdomains", domain->str()), author};
      }
      continue;
    }
    if (!keys->active.empty()) return SigningIdentity{*domain, keys->active, author};
    if (!first_reason) first_reason = inactive(*domain, keys->manifest, author);
  }
  if (first_reason) return *std::move(first_reason);
  return NoIdentity{Cause::no_key, fmt::format("no key for domain {}", author_domain.str()), author};
}

void note_matched(Identity& identity, const std::string& matched) {
  if (auto* found = std::get_if<SigningIdentity>(&identity)) found->matched = matched;
}

Identity identity_of(const canon::Mailbox& mailbox, const std::vector<SenderRule>& rules, KeySource& source) {
  std::string author = address_of(mailbox);
  const auto domain = canon::DomainName::parse(mailbox.domain);
  // Rules are compared with the domain in A-labels and lower case, as in the store.
  const std::string matched = canon::lower_case(mailbox.local_part) + "@" +
                              (domain ? domain->str() : canon::lower_case(mailbox.domain));
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!canon::matches_wildcard(rules[i].sender, matched)) continue;
    auto identity = identity_by_rule(rules[i], author, source);
    std::visit([i](auto& outcome) { outcome.rule = i; }, identity);
    note_matched(identity, matched);
    return identity;
  }
  if (!domain) {
    return NoIdentity{Cause::invalid_domain,
                      fmt::format("the author's domain is {}", domain.refusal().reason), std::move(author)};
  }
  auto identity = identity_by_domain(*domain, author, source);
  note_matched(identity, matched);
  return identity;
}

bool signs_with(const canon::DomainName& domain, const std::vector<SigningKey>& keys,
                const canon::DomainName& wanted, const SigningKey& key) {
  return domain == wanted && std::any_of(keys.begin(), keys.end(), [&](const SigningKey& other) {
           return other.selector == key.selector;
         });
}

// Whether the message gets a signature by this key already.
bool signs_already(const SigningIdentity& identity, const canon::DomainName& domain, const SigningKey& key) {
  return signs_with(identity.domain, identity.keys, domain, key) ||
         std::any_of(identity.second.begin(), identity.second.end(), [&](const SecondSigner& second) {
           return signs_with(second.domain, second.keys, domain, key);
         });
}

}  // namespace

canon::Result<Authors> authors_of_message(const std::vector<canon::HeaderField>& message) {
  const canon::HeaderField* from = nullptr;
  for (const auto& field : message) {
    std::string_view name = field.name;
    while (!name.empty() && canon::is_wsp(name.back()))
      name.remove_suffix(1);
    if (!canon::equal_ignoring_case(name, "From")) continue;
    if (from != nullptr) return canon::Refusal{"more than one From field", 0};
    from = &field;
  }
  if (from == nullptr) return canon::Refusal{"no From field", 0};
  auto mailboxes = canon::parse_mailboxes(from->value);
  if (mailboxes) return Authors{*std::move(mailboxes)};
  const auto& refusal = mailboxes.refusal();
  if (auto only = canon::only_reading(from->value))
    return Authors{{*std::move(only)},
                   fmt::format("the From field is not RFC 5322: it has {}", refusal.reason)};
  return canon::Refusal{fmt::format("the From field has {}", refusal.reason), refusal.byte};
}

Identity choose_identity(const Authors& authors, const std::vector<SenderRule>& rules, KeySource& keys) {
  std::optional<NoIdentity> first_reason;
  for (std::size_t i = 0; i < std::min(authors.mailboxes.size(), most_authors); ++i) {
    auto identity = identity_of(authors.mailboxes[i], rules, keys);
    if (auto* found = std::get_if<SigningIdentity>(&identity)) {
      found->note = authors.note;
      return identity;
    }
    if (!first_reason) first_reason = std::get<NoIdentity>(std::move(identity));
  }
  return *first_reason;
}

Identity refuse_foreign_authors(Identity identity, const Authors& authors, const Login& login) {
  if (std::holds_alternative<NoIdentity>(identity)) return identity;
  for (const auto& mailbox : authors.mailboxes) {
    const auto domain = canon::DomainName::parse(mailbox.domain);
    if (domain && login.may_use(*domain)) continue;
    return NoIdentity{
        .cause = Cause::foreign_author,
        .reason = fmt::format("the login {} may not use the domain {}",
                              login.name.empty() ? "without a name" : login.name, mailbox.domain),
        .author = address_of(mailbox),
        .login = login.name,
        .foreign_domain = mailbox.domain};
  }
  return identity;
}

void add_second_signers(SigningIdentity& identity, const std::vector<SenderRule>& also_sign,
                        KeySource& keys) {
  for (std::size_t i = 0; i < also_sign.size(); ++i) {
    const auto& entry = also_sign[i];
    if (!canon::matches_wildcard(entry.sender, identity.matched)) continue;
    const auto domain = keys.find(*entry.domain);
    auto signing = domain == nullptr ? std::vector<SigningKey>() : selected_keys(*domain, entry.selectors);
    if (signing.empty()) {
      throw StoreError(
          entry.selectors.empty()
              ? fmt::format("also_sign for {}: {} has no active key", entry.sender, entry.domain->str())
              : fmt::format("also_sign for {}: {} has no active key that the entry names", entry.sender,
                            entry.domain->str()));
    }
    std::erase_if(signing,
                  [&](const SigningKey& key) { return signs_already(identity, *entry.domain, key); });
    if (!signing.empty()) identity.second.push_back({*entry.domain, std::move(signing), i});
  }
}

Identity identify(const std::vector<canon::HeaderField>& message, const SigningSettings& settings,
                  KeySource& keys, const std::optional<Login>& login) {
  const auto authors = authors_of_message(message);
  if (!authors) return NoIdentity{Cause::malformed, authors.refusal().reason, {}};
  auto identity = choose_identity(*authors, settings.rules, keys);
  if (login) identity = refuse_foreign_authors(std::move(identity), *authors, *login);
  if (auto* found = std::get_if<SigningIdentity>(&identity))
    add_second_signers(*found, settings.also_sign, keys);
  return identity;
}

}  // namespace dkim::crypto
