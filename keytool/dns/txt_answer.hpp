// Takes from a response what matters for a key's record.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "keytool/dns/deadline.hpp"
#include "keytool/dns/dns_client.hpp"
#include "keytool/dns/misplaced_record.hpp"
#include "keytool/dns/record_check.hpp"

namespace dkim::keytool {

// Returns the TXT values, sorted: servers give them in any order.
std::vector<std::string> values_of(const DnsResponse& response);

// Returns the wildcard that answers in place of the name, asked from the same server, if it is one. Names
// have a final dot.
std::optional<std::string> find_wildcard(DnsClient& client, const std::string& name, const std::string& zone,
                                         const DnsResponse& response, const Deadline& deadline);

// Returns for how many seconds a resolver may remember the response.
unsigned memory_of(const DnsResponse& response);

// Returns a function that asks the client. It refers to both arguments, which must outlive it; after the
// deadline it returns nothing.
AskTexts texts_by(DnsClient& client, const Deadline& deadline);

// Adds what find_misplaced found to the finding's detail.
void add_place(RecordFinding& finding, const std::optional<std::string>& place);

}  // namespace dkim::keytool
