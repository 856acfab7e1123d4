// Finds out what dkimkey explain says: whether a message would be signed, with what, and if not, why not.
//
// A fault of the key store or of a key file is an answer here, not an exception.
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

// A key of a domain whose keys were looked up on the way to the answer.
struct ExaminedKey {
  canon::DomainName domain;
  crypto::KeyEntry entry;
  bool signs = false;  // the message gets a signature from it
  // Which entry of also_sign has it sign, from 0; nothing if it signs for the author.
  std::optional<std::size_t> also_sign;
  // Why the daemon could not use its file.
  std::optional<std::string> problem;
  std::optional<crypto::Slot> slot;  // if it is in one
};

struct Explanation {
  bool would_sign = false;
  std::string author;
  // Why it would not be signed: a fault of the store or of a key file, or an ordinary reason.
  std::string reason;
  bool fault = false;
  // The login may not use the domain of an author.
  bool foreign_author = false;
  // Why the From field is not RFC 5322, although it can be read in only one way; otherwise empty.
  std::string note;
  // The domain that would sign.
  std::optional<canon::DomainName> domain;
  // Which of the configuration's rules decided, from 0.
  std::optional<std::size_t> rule;
  std::vector<ExaminedKey> keys;
};

// Also checks whether the daemon's user may read the files, if there is such a user on this host.
// login: of the client, if the answer is to depend on it.
Explanation explain_authors(const crypto::Authors& authors, const crypto::SigningSettings& settings,
                            const std::optional<Credentials>& daemon,
                            const std::optional<crypto::Login>& login);

// Makes the explanation of a login's mail a fault if there is a table of logins that the daemon's user cannot
// read.
Explanation with_login_table(Explanation explanation, const crypto::LoginSettings& logins,
                             const std::optional<Credentials>& daemon);

// Explains a message without a clear author.
Explanation explain_malformed(std::string reason);

}  // namespace dkim::keytool
