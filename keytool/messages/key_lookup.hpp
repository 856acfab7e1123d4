// Gives dkimkey verify the public keys of signatures: from DNS, or from a record on the command line.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/signatures/verifier.hpp"
#include "keytool/dns/dns_access.hpp"

namespace dkim::keytool {

// Returns a lookup that asks the resolver for each name once. The lookup opens the resolver at the first
// question, so that a message without a signature needs none, and throws crypto::Error if it cannot be
// opened.
crypto::KeyLookup dns_lookup(const DnsAccess& access);

// A record as `dkimkey show` prints it (zone, strings or value).
struct GivenRecord {
  // In lower case, without a final dot. An empty name matches every signature; a name that ends in _domainkey
  // matches that selector in every domain.
  std::string name;
  std::string value;
};

// Throws UsageError if the text is zone-file text that cannot be parsed, or if it has no TXT record.
std::vector<GivenRecord> parse_given_records(std::string_view text);

// Returns a lookup in the records given.
crypto::KeyLookup given_lookup(std::vector<GivenRecord> records);

// Returns the lookup for a value of --key-record: the name of a file, or the text itself. Throws UsageError,
// or StoreError if the file cannot be read.
crypto::KeyLookup key_record_lookup(const std::string& file_or_text);

}  // namespace dkim::keytool
