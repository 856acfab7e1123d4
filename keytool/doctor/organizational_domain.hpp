// The domain that somebody registered, of which a name is a part (RFC 7489 §3.2): by the public suffix list,
// as libpsl has it.
#pragma once

#include <string>

namespace dkim::keytool {

// "example.co.uk" for "a.b.example.co.uk"; the name itself if it is a public suffix. Lower case, no final
// dot.
std::string organizational_domain(const std::string& name);

}  // namespace dkim::keytool
