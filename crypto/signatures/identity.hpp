// As whom is a message to be signed? The domain and keys that follow from its From: field, the rules and
// the key store.
//
// Asked by the daemon at the end of the header and by dkimkey sign and explain: one answer for all three.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "canon/header_field.hpp"
#include "canon/mailbox.hpp"
#include "canon/result.hpp"
#include "crypto/settings/signing_settings.hpp"
#include "crypto/store/domain_keys.hpp"

namespace dkim::crypto {

// A header of more than this counts as malformed: far above any real one, far below what would hurt. A
// field takes its octets on the wire.
constexpr std::size_t header_size_limit = 1 << 20;
constexpr std::size_t header_field_limit = 10'000;
constexpr const char* header_too_large = "the header has more than 1 MiB or 10000 fields";

// Who a message is from.
struct Authors {
  std::vector<canon::Mailbox> mailboxes;  // never empty
  // Why the From field is not RFC 5322, where it has only one reading all the same; otherwise empty.
  std::string note = {};
};

struct SigningIdentity {
  canon::DomainName domain;      // the SDID
  std::vector<SigningKey> keys;  // never empty
  std::string author;            // the mailbox that decided, for the log
  // Which of the rules decided, from 0; nothing where the author's own domain did.
  std::optional<std::size_t> rule = std::nullopt;
  // That of the authors.
  std::string note = {};
};

// Why nobody signs.
struct NoIdentity {
  enum class Cause {
    malformed,       // the message itself is at fault: no From, several, or one that cannot be read
    invalid_domain,  // the author's domain is none that could have a key
    no_key,          // in the author's domain and its parents, or in the one that a rule names
    key_pending,     // there are keys, none signs, and one is still to begin
    no_active_key,   // there are keys, and none signs (any more)
    subdomain,       // a parent has keys and does not sign for its subdomains
    rule,            // a rule says not to sign
  };
  Cause cause = Cause::no_key;
  std::string reason;
  // The first author, where there is one.
  std::string author;
  std::optional<std::size_t> rule = std::nullopt;
};

using Identity = std::variant<SigningIdentity, NoIdentity>;

// What the one From: field says; a Refusal for none, several, or one without a clear reading.
canon::Result<Authors> authors_of_message(const std::vector<canon::HeaderField>& message);

// The first author for whom a rule names a domain, or whose own domain or nearest parent with subdomains
// has an active key. Throws what the key source throws.
Identity choose_identity(const Authors& authors, const std::vector<SenderRule>& rules, KeySource& keys);

// Both of the above.
Identity identify(const std::vector<canon::HeaderField>& message, const std::vector<SenderRule>& rules,
                  KeySource& keys);

}  // namespace dkim::crypto
