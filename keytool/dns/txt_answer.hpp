// What an answer to the question for a record comes to.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "keytool/dns/deadline.hpp"
#include "keytool/dns/dns_client.hpp"
#include "keytool/dns/misplaced_record.hpp"
#include "keytool/dns/record_check.hpp"

namespace dkim::keytool {

// Sorted: servers give them in any order.
std::vector<std::string> values_of(const DnsResponse& response);

// For how many seconds a resolver may remember it.
unsigned memory_of(const DnsResponse& response);

// Asks the client, which must live as long; after the deadline there are no more answers.
AskTexts texts_by(DnsClient& client, const Deadline& deadline);

// Adds what find_misplaced says.
void add_place(RecordFinding& finding, const std::optional<std::string>& place);

}  // namespace dkim::keytool
