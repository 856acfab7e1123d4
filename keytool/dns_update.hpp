// A dynamic update of one name's TXT records (RFC 2136), signed by TSIG (RFC 8945), over TCP to the primary.
#pragma once

#include <optional>
#include <string>

#include "crypto/record_text.hpp"
#include "keytool/dns_client.hpp"
#include "keytool/tsig_key.hpp"

namespace dkim::keytool {

// Puts the record in the place of whatever TXT is there; with an empty value takes all TXT away. Throws
// crypto::Error with what the primary said, in words: the wrong key, a clock that is off, not allowed, not
// its zone; or that it does not answer, or that its answer is not signed by the same key.
void update_txt(const ServerAddress& primary, const TsigKey& key, const std::string& zone,
                const crypto::NamedRecord& record);

}  // namespace dkim::keytool
