// Parses a URI of rua= or ruf=, where DMARC reports go (RFC 9989 §4.6, §4.8). Pure; any text gives an address
// or a Refusal.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "canon/result.hpp"

namespace dkim::keytool {

struct ReportAddress {
  std::string uri;  // without the limit
  // The domain of a mail address, in A-label form; empty for other schemes, which receivers may ignore.
  std::string domain;
  // The largest report that is wanted, "10m" for "!10m"; obsolete since RFC 9989.
  std::string limit;
};

// Parses one URI without white space around it. Refuses, in words that follow the URI ("... is not a URI"),
// what RFC 3986 or a mailto: URI with one mail address (RFC 6068) does not allow.
canon::Result<ReportAddress> parse_report_address(std::string_view text);

}  // namespace dkim::keytool
