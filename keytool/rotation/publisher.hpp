// How a record gets into DNS: by hand, by a dynamic update, or by a program of the administrator's.
#pragma once

#include "canon/domain_name.hpp"
#include "crypto/keys/record_text.hpp"
#include "crypto/settings/key_settings.hpp"
#include "keytool/dns/dns_access.hpp"
#include "keytool/dns/dns_client.hpp"

namespace dkim::keytool {

// What a record is to become.
enum class RecordAction { set, remove };

// Does it, or leaves it to a person (false). Throws crypto::Error with the reason if it failed: no state
// changes then, and the next run tries again.
bool publish(const crypto::PublishSettings& settings, const DnsAccess& access, RecordAction action,
             const crypto::NamedRecord& record);

}  // namespace dkim::keytool
