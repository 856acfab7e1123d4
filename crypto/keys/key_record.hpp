// The public half of a key as its DNS TXT record says it, RFC 6376 §3.6.1 and RFC 8463 §4.
//
// Written by dkimkey for a key of the store, read back where a record is compared or checked.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "canon/domain_name.hpp"
#include "canon/result.hpp"
#include "canon/selector.hpp"
#include "crypto/keys/algorithm.hpp"
#include "crypto/keys/private_key.hpp"
#include "crypto/keys/record_flags.hpp"

namespace dkim::crypto {

struct KeyRecord {
  Algorithm algorithm = Algorithm::rsa;
  // Empty: the key is revoked.
  std::vector<unsigned char> public_key;
  RecordFlags flags;

  bool operator==(const KeyRecord&) const = default;
};

// The record of a key with its domain's flags.
KeyRecord make_record(const PrivateKey& key, const RecordFlags& flags);

// The whole value, unquoted: "v=DKIM1; k=rsa; p=...".
std::string write_record(const KeyRecord& record);

// Reads a record's value, its strings joined. Refuses with the octet at which the record goes wrong: tag
// syntax, a version other than DKIM1 or one not in first place, an unknown key type, no p=, a p= that is
// not base64, a service type other than email. A note that is no quoted-printable is kept as it stands.
canon::Result<KeyRecord> parse_record(std::string_view value);

// SELECTOR._domainkey.DOMAIN, without a final dot.
std::string record_name(const canon::Selector& selector, const canon::DomainName& domain);

// The largest RSA size, a multiple of 8, whose whole record with these flags has at most limit octets;
// 0 if not even 1024 bits fit.
int largest_rsa_bits(const RecordFlags& flags, std::size_t limit);

}  // namespace dkim::crypto
