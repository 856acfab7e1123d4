// What dkimkey generate tells a person on standard error: what was made, and what to do with it.
#pragma once

#include <string>
#include <vector>

#include "crypto/keys/record_text.hpp"
#include "crypto/store/key_store.hpp"
#include "keytool/generate/generate_options.hpp"

namespace dkim::keytool {

struct MadeKey {
  crypto::KeyEntry entry;
  crypto::NamedRecord record;
};

// Warnings on what was asked for, before anything is made: small RSA keys, Ed25519 without RSA.
std::string size_warning(int bits);
std::string algorithm_note(const GenerateRequest& request, const crypto::Manifest& manifest);

// Where each key is, and what its state means.
std::string describe_made(const crypto::KeyStore& store, const canon::DomainName& domain,
                          const std::vector<MadeKey>& made);
// Other keys of the same algorithms that sign: each adds a signature to every message.
std::string describe_company(const canon::DomainName& domain, const crypto::Manifest& manifest,
                             const std::vector<MadeKey>& made);
// How to get the records into DNS.
std::string describe_publishing(const canon::DomainName& domain, const std::vector<MadeKey>& made);
// Keys that were there before and whose records now read otherwise.
std::string describe_changed(const canon::DomainName& domain, const std::vector<canon::Selector>& changed);

}  // namespace dkim::keytool
