// A DMARC policy record (RFC 7489 §6.3). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "canon/result.hpp"

namespace dkim::keytool {

enum class DmarcPolicy { none, quarantine, reject };

std::string_view to_string(DmarcPolicy policy);

struct DmarcRecord {
  DmarcPolicy policy = DmarcPolicy::none;
  DmarcPolicy subdomain_policy = DmarcPolicy::none;  // sp=, or p= where there is none
  bool strict_dkim = false;                          // adkim=s
  bool strict_spf = false;                           // aspf=s
  unsigned percent = 100;
  // The domains that aggregate reports go to, lower case; those of rua= addresses that are no mailto: are
  // left out.
  std::vector<std::string> report_domains;
};

// Does a TXT record mean to be one: v=DMARC1 in first place?
bool is_dmarc_record(std::string_view text);

// Refuses with the octet what receivers would ignore, in part or as a whole: tag syntax, no p=, a value that
// its tag cannot have. Unknown tags are passed over.
canon::Result<DmarcRecord> parse_dmarc_record(std::string_view text);

}  // namespace dkim::keytool
