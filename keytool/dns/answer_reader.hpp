// Reads the sections of a DNS answer into a DnsResponse (RFC 1035 §4). Never fails: whatever does not answer
// the question is left out.
#pragma once

#include <cstdint>
#include <string>

#include "keytool/dns/dns_response.hpp"

struct ldns_struct_pkt;

namespace dkim::keytool {

// Returns the type's number on the wire (RFC 1035 §3.2.2), which is also ldns's.
std::uint16_t type_number(RecordType type);

// Reads the records of the type at the name, CNAMEs followed. The name is in presentation form, lower case,
// with its final dot. Leaves `exists` to the caller, who knows the RCODE.
DnsResponse read_response(const ldns_struct_pkt* packet, const std::string& name, RecordType type);

}  // namespace dkim::keytool
