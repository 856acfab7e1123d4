// Checks the DKIM records of a domain's keys on every authoritative server, as dkimkey check does, and judges
// what they mean for mail.
#pragma once

#include "canon/domain_name.hpp"
#include "crypto/store/key_store.hpp"
#include "keytool/dns/observation.hpp"
#include "keytool/doctor/findings/finding.hpp"

namespace dkim::keytool {

// Returns no findings for a domain without keys in the store. Throws nothing but std::bad_alloc: a store that
// cannot be read is a finding.
Findings check_keys_in_dns(const canon::DomainName& domain, const crypto::KeyStore& store,
                           const DnsAccess& access);

}  // namespace dkim::keytool
