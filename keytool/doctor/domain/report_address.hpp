// Where DMARC reports are to go: a URI of rua= or ruf= (RFC 9989 §4.6, §4.8). Pure, total.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "canon/result.hpp"

namespace dkim::keytool {

struct ReportAddress {
  std::string uri;  // without the limit
  // Of a mail address, in A-label form; empty for other schemes, which receivers may pass over.
  std::string domain;
  // "10m" of "!10m": the largest report that is wanted, which RFC 9989 has done away with.
  std::string limit;
};

// One URI, no white space around it. Refuses, in words that follow the URI ("... is no URI"), what RFC 3986
// or a mailto: with one mail address (RFC 6068) does not allow.
canon::Result<ReportAddress> parse_report_address(std::string_view text);

}  // namespace dkim::keytool
