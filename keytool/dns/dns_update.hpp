// A dynamic update of one name's TXT records (RFC 2136), signed by TSIG (RFC 8945), over TCP to the primary.
#pragma once

#include <optional>
#include <string>

#include "crypto/keys/record_text.hpp"
#include "keytool/dns/dns_client.hpp"
#include "keytool/dns/tsig_key.hpp"

namespace dkim::keytool {

enum class UpdateOutcome { done, alias_there };

// Puts the record in the place of whatever TXT is there; with an empty value takes all TXT away. Does neither
// where the name has a CNAME, which stands no record beside it. Throws crypto::Error with what the primary
// said, in words: the wrong key, a clock that is off, not allowed, not its zone; or that it does not answer,
// or that its answer is not signed by the same key.
UpdateOutcome update_txt(const ServerAddress& primary, const TsigKey& key, const std::string& zone,
                         const crypto::NamedRecord& record);

}  // namespace dkim::keytool
