// What dkimkey explain finds out, apart from how it says it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "canon/header_field.hpp"
#include "canon/mailbox.hpp"
#include "crypto/signatures/identity.hpp"
#include "crypto/store/key_store.hpp"
#include "keytool/system/file_access.hpp"

namespace dkim::keytool {

// A key of a domain that was asked for keys on the way to the answer.
struct ExaminedKey {
  canon::DomainName domain;
  crypto::KeyEntry entry;
  bool signs = false;  // one of those that the message gets
  // Why the daemon could not use its file.
  std::optional<std::string> problem;
};

struct Explanation {
  bool would_sign = false;
  std::string author;
  // Why not; a fault of the store or of a key file, or an ordinary reason.
  std::string reason;
  bool fault = false;
  // What is odd about the From field though it has one reading; otherwise empty.
  std::string note;
  // As whom, where it would be signed.
  std::optional<canon::DomainName> domain;
  // Which of the configuration's rules decided, from 0.
  std::optional<std::size_t> rule;
  std::vector<ExaminedKey> keys;
};

// Never throws what the store throws: a fault is an answer here. The daemon's user is looked at where it
// exists on this host.
Explanation explain_authors(const crypto::Authors& authors, const crypto::SigningSettings& settings,
                            const std::optional<Credentials>& daemon);

// The same for a message that has no clear author.
Explanation explain_malformed(std::string reason);

}  // namespace dkim::keytool
