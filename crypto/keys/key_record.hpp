// A public key as its DNS TXT record holds it (RFC 6376 §3.6.1, RFC 8463 §4): made, written and read.
//
// A record that does not parse is a Refusal; only make_record throws (OpenSslError).
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
#include "crypto/keys/record_text.hpp"

namespace dkim::crypto {

struct KeyRecord {
  Algorithm algorithm = Algorithm::rsa;
  // Empty if the key is revoked.
  std::vector<unsigned char> public_key;
  RecordFlags flags;

  bool operator==(const KeyRecord&) const = default;
};

// Returns the record of a key with its domain's flags.
KeyRecord make_record(const PrivateKey& key, const RecordFlags& flags);

// Returns the record of a revoked key, with an empty p= (RFC 6376 §3.6.1).
KeyRecord revoked_record(Algorithm algorithm, const RecordFlags& flags);

// Returns the whole value, unquoted: "v=DKIM1; k=rsa; p=...".
std::string write_record(const KeyRecord& record);

// Reads a record's value, its strings joined. Refuses bad tag syntax, a version other than DKIM1 or not in
// first place, an unknown key type, a missing p=, a p= that is not base64, and a service type other than
// email; the refusal has the position. A note that is not quoted-printable is kept unchanged.
canon::Result<KeyRecord> parse_record(std::string_view value);

// Returns SELECTOR._domainkey, the record's name relative to the domain.
std::string record_label(const canon::Selector& selector);
// Returns SELECTOR._domainkey.DOMAIN, without a final dot.
std::string record_name(const canon::Selector& selector, const canon::DomainName& domain);

// Returns the record as it is published, with its name and the default TTL.
NamedRecord named_record(const canon::Selector& selector, const canon::DomainName& domain,
                         const KeyRecord& record);

// Returns the largest RSA size in bits, a multiple of 8, whose whole record with these flags has at most
// limit bytes; 0 if not even 1024 bits fit.
int largest_rsa_bits(const RecordFlags& flags, std::size_t limit);

}  // namespace dkim::crypto
