// Chooses the domain and the keys that sign a message, by its From: field, the rules and the key store.
//
// A message that nobody signs is a value with its reason (NoIdentity); only faults of the key store throw.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "canon/header_field.hpp"
#include "canon/mailbox.hpp"
#include "canon/result.hpp"
#include "crypto/settings/login_settings.hpp"
#include "crypto/settings/signing_settings.hpp"
#include "crypto/store/domain_keys.hpp"

namespace dkim::crypto {

// A larger header counts as malformed. The limits are far above real headers and far below what would do
// harm. The size is that on the wire, in bytes.
constexpr std::size_t header_size_limit = 1 << 20;
constexpr std::size_t header_field_limit = 10'000;
// Says the limits in words, whole, so that it can be found by searching.
constexpr const char* header_too_large = "the header has more than 1 MiB or 10000 fields";
static_assert(header_size_limit == 1 << 20 && header_field_limit == 10'000);

// Who a message is from.
struct Authors {
  std::vector<canon::Mailbox> mailboxes;  // never empty
  // Why the From field does not conform to RFC 5322 although it has only one reading; empty if it conforms.
  std::string note = {};
};

// A domain that signs a message beside the author's, such as the provider's.
struct SecondSigner {
  canon::DomainName domain;
  std::vector<SigningKey> keys;  // never empty
  std::size_t entry = 0;         // the number, from 0, of the entry of also_sign
};

struct SigningIdentity {
  canon::DomainName domain;      // the SDID
  std::vector<SigningKey> keys;  // never empty
  std::string author;            // the mailbox that decided, for the log
  // The number, from 0, of the rule that decided; nothing if the author's own domain did.
  std::optional<std::size_t> rule = std::nullopt;
  // The note of the authors.
  std::string note = {};
  // The author as patterns match it: in lower case, the domain in A-labels.
  std::string matched = {};
  // Who signs as well (add_second_signers).
  std::vector<SecondSigner> second = {};
};

// Why nobody signs.
struct NoIdentity {
  enum class Cause {
    malformed,       // the message has no From field, several, or one that cannot be read
    invalid_domain,  // the author's domain cannot have a key
    no_key,         // the author domain and its parents have no key, or the domain that a rule names has none
    key_pending,    // there are keys, none is active, and one is pending
    no_active_key,  // there are keys, and none is active or pending
    subdomain,      // a parent domain has keys but does not sign for its subdomains
    rule,           // a rule says not to sign
    foreign_author,  // the client's login may not use an author's domain
  };
  Cause cause = Cause::no_key;
  std::string reason;
  // The first author, if there is one.
  std::string author;
  std::optional<std::size_t> rule = std::nullopt;
  // The login of a foreign author, empty if it has no name, and the domain that it may not use.
  std::string login = {};
  std::string foreign_domain = {};
};

using Identity = std::variant<SigningIdentity, NoIdentity>;

// Reads the From: field. Refuses a message with none, with several, or with one that has no clear reading.
canon::Result<Authors> authors_of_message(const std::vector<canon::HeaderField>& message);

// Goes through the authors in their order, at most 32, and returns the first identity that has an active key,
// or else why the first author has none. For each author the first rule that matches decides; if none does,
// the author's domain, or else its nearest parent that has an active key and signs for its subdomains. Throws
// what the key source throws.
Identity choose_identity(const Authors& authors, const std::vector<SenderRule>& rules, KeySource& keys);

// The login of an authenticated client, and what it may use.
struct Login {
  std::string name;
  DomainTest may_use;
};

// Turns an identity into none if the login may not use the domain of one of the authors: all of them are
// shown to the reader, whichever domain signs. Throws what the login's test throws.
Identity refuse_foreign_authors(Identity identity, const Authors& authors, const Login& login);

// Adds the domains of all entries that match the author, without keys that sign already. Throws StoreError if
// such a domain has no active key that the entry names: a message gets all of its signatures or none. Throws
// what the key source throws.
void add_second_signers(SigningIdentity& identity, const std::vector<SenderRule>& also_sign, KeySource& keys);

// Reads the From: field, chooses by the rules, refuses foreign authors if there is a login to judge by, and
// adds second signers.
Identity identify(const std::vector<canon::HeaderField>& message, const SigningSettings& settings,
                  KeySource& keys, const std::optional<Login>& login = std::nullopt);

}  // namespace dkim::crypto
