// Whom a mail of dkimkey's is from.
#pragma once

#include <string>

#include "crypto/settings/signing_settings.hpp"
#include "keytool/cli/own_domain.hpp"

namespace dkim::keytool {

// Returns a mailbox for From:. It is this user's, without a domain, which the MTA adds as it does for all
// mail of this host, so that it is signed like other mail. If the keys that would sign it cannot be used, the
// daemon defers it, and the mail that says so would wait for the repair: then the mailbox is one at
// localhost, for which nobody signs. Throws nothing but std::bad_alloc.
std::string sender_mailbox(const crypto::SigningSettings& settings, const OwnDomainSources& own = {});

}  // namespace dkim::keytool
