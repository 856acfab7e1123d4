// Publishes a record by the API of a DNS provider: finds the zone that is to be changed, and leaves the rest
// to keytool/lexicon/.
#pragma once

#include "crypto/keys/record_text.hpp"
#include "crypto/settings/key_settings.hpp"
#include "keytool/dns/dns_access.hpp"
#include "keytool/rotation/record_action.hpp"

namespace dkim::keytool {

// Sets or removes the TXT record, at the end of the CNAMEs that lead from its name to another zone. Takes two
// minutes at most. Changes of one zone come after each other, since some providers replace a zone as a whole.
// Throws crypto::Error with the reason.
void publish_by_lexicon(const crypto::PublishSettings& settings, const DnsAccess& access, RecordAction action,
                        const crypto::NamedRecord& record);

}  // namespace dkim::keytool
