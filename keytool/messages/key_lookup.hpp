// Where dkimkey verify has the keys of signatures from: DNS, or a record that is given to it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/signatures/verifier.hpp"
#include "keytool/dns/dns_access.hpp"

namespace dkim::keytool {

// Asks the resolver, each name once. The resolver is opened at the first question, so that a message without
// a signature needs none. Where none can be opened the lookup throws crypto::Error.
crypto::KeyLookup dns_lookup(const DnsAccess& access);

// One record, or several, as `dkimkey show` prints them (zone, strings, value).
struct GivenRecord {
  // Without a final dot, lower case. Empty: it stands for every signature's. Ending in _domainkey: the
  // domain is left to the signature.
  std::string name;
  std::string value;
};

// Throws UsageError: zone-file text that cannot be read, or that holds no TXT record.
std::vector<GivenRecord> parse_given_records(std::string_view text);

crypto::KeyLookup given_lookup(std::vector<GivenRecord> records);

// The value of --key-record: the name of a file, or the text itself. Throws UsageError.
crypto::KeyLookup key_record_lookup(const std::string& file_or_text);

}  // namespace dkim::keytool
