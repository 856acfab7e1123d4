// Writes what dkimkey generate tells a person on standard error: what was made, and what to do with it.
// Nothing here fails. A text is empty if there is nothing to say.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "crypto/keys/record_text.hpp"
#include "crypto/store/key_store.hpp"
#include "keytool/generate/generate_options.hpp"

namespace dkim::keytool {

struct MadeKey {
  crypto::KeyEntry entry;
  crypto::NamedRecord record;
  std::optional<crypto::Slot> slot;  // if it is in one
};

// Warns before anything is made: of a small RSA key, and of an Ed25519 key without an RSA key beside it.
std::string size_warning(int bits);
std::string algorithm_note(const GenerateRequest& request, const crypto::Manifest& manifest);

// Says where each key is, and what its state means.
std::string describe_made(const crypto::KeyStore& store, const canon::DomainName& domain,
                          const std::vector<MadeKey>& made);
// Names other active keys of the same algorithms: each adds a signature to every message.
std::string describe_company(const canon::DomainName& domain, const crypto::Manifest& manifest,
                             const std::vector<MadeKey>& made);
// Says how to get the records into DNS.
std::string describe_publishing(const canon::DomainName& domain, const std::vector<MadeKey>& made);
// Says which CNAMEs the domain's owner has to make once, and which ones are needed no longer.
std::string describe_cnames(const canon::DomainName& domain, const crypto::Manifest& manifest);
// Names older keys whose records have changed.
std::string describe_changed(const canon::DomainName& domain, const std::vector<canon::Selector>& changed);

}  // namespace dkim::keytool
