// Publishes a record: by a dynamic update (RFC 2136), by a program of the administrator's, by the API of a
// DNS provider, or not at all if a person does it.
#pragma once

#include "canon/domain_name.hpp"
#include "crypto/keys/record_text.hpp"
#include "crypto/settings/key_settings.hpp"
#include "keytool/dns/dns_access.hpp"
#include "keytool/rotation/record_action.hpp"

namespace dkim::keytool {

enum class PublishOutcome { done, left_to_a_person };

// Sets or removes the TXT record. Throws crypto::Error with the reason if that fails: then no state may
// change, and the next run tries again.
PublishOutcome publish(const crypto::PublishSettings& settings, const DnsAccess& access, RecordAction action,
                       const crypto::NamedRecord& record);

}  // namespace dkim::keytool
