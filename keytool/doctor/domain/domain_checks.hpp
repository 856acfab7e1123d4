// Checks what DNS says about a domain that this host sends mail for, as a receiver will judge it: DKIM, SPF,
// DMARC, reverse DNS, and whether the domain can receive. Each part is a file beside this one.
//
// Never throws because of DNS: trouble there is a finding of severity unknown. The number of questions and
// the time are limited, whatever the answers.
#pragma once

#include <string>
#include <vector>

#include "canon/domain_name.hpp"
#include "canon/ip_address.hpp"
#include "crypto/store/key_store.hpp"
#include "keytool/dns/observation.hpp"
#include "keytool/doctor/findings/finding.hpp"

namespace dkim::keytool {

struct DomainQuestion {
  canon::DomainName domain;                 // of From:
  std::vector<canon::IpAddress> addresses;  // public addresses that this host sends from; empty: not known
  std::string relay;                        // the host of relayhost; empty: sends directly
  // The d= of signatures on mail from this domain.
  std::vector<std::string> signing_domains = {};
  std::string helo = {};  // the name this host gives itself in SMTP; empty: not known
  // The domains of MAIL FROM, which SPF is about; empty: that of From:.
  std::vector<std::string> envelope_domains = {};
  bool others_unknown = false;  // this host sends from further addresses, which are not known
};

// Returns findings of topics "dkim", "spf", "dmarc", "ptr", "helo" and "mx"; none of "dkim" for domains
// without a key in the store. Does not check a relay's reverse DNS, which is the relay's business.
Findings check_domain_in_dns(const DomainQuestion& question, const crypto::KeyStore& store,
                             const DnsAccess& access);

}  // namespace dkim::keytool
