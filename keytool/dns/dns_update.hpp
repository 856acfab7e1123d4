// Replaces one name's TXT records by a dynamic update (RFC 2136), signed with TSIG (RFC 8945), over TCP to
// the primary server.
#pragma once

#include <optional>
#include <string>

#include "crypto/keys/record_text.hpp"
#include "keytool/dns/dns_client.hpp"
#include "keytool/dns/tsig_key.hpp"

namespace dkim::keytool {

enum class UpdateOutcome { done, alias_there };

// Replaces all TXT records at the name with the given one; removes them if its value is empty. Changes
// nothing if the name has a CNAME (alias_there): no other record may exist beside one. Throws crypto::Error
// that says in words what the primary objects to (the key, the clock, the permission, the zone), that it does
// not answer, or that its answer is not signed with the same key.
UpdateOutcome update_txt(const ServerAddress& primary, const TsigKey& key, const std::string& zone,
                         const crypto::NamedRecord& record);

}  // namespace dkim::keytool
