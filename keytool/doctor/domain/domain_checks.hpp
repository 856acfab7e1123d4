// What DNS says of a domain that this host sends mail for, as a receiver will judge it: DKIM, SPF, DMARC,
// reverse DNS, and whether the domain can receive. Called by dkimkey doctor; each part is a file beside this
// one.
//
// Never throws for what DNS does: trouble there is a finding of severity unknown. Asks a bounded number of
// questions and takes a bounded time, whatever the answers.
#pragma once

#include <string>
#include <vector>

#include "canon/domain_name.hpp"
#include "crypto/store/key_store.hpp"
#include "keytool/dns/observation.hpp"
#include "keytool/doctor/findings/finding.hpp"

namespace dkim::keytool {

struct DomainQuestion {
  canon::DomainName domain;            // of From:
  std::vector<std::string> addresses;  // public addresses this host sends from; empty: not known
  std::string relay;                   // the host of relayhost; empty: sends directly
  // d= of what is signed for mail From this domain.
  std::vector<std::string> signing_domains = {};
  std::string helo = {};  // the name this host gives itself in SMTP; empty: not known
  // Domains of MAIL FROM; empty: that of From:. SPF is about these.
  std::vector<std::string> envelope_domains = {};
  bool others_unknown = false;  // this host sends from more addresses than these, which are not known
};

// Topics: "dkim", "spf", "dmarc", "ptr", "helo", "mx". Domains without a key in the store yield no finding of
// topic "dkim". A relay's reverse DNS is the relay's business, and not looked at.
Findings check_domain_in_dns(const DomainQuestion& question, const crypto::KeyStore& store,
                             const DnsAccess& access);

}  // namespace dkim::keytool
