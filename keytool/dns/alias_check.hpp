// Decides whether a slot's name leads to its target: what each server of the domain's own zone has there
// shows who has to act. CNAMEs: RFC 1034 §3.6.2.
//
// Pure. Nothing throws.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keytool/dns/dns_client.hpp"
#include "keytool/dns/record_place.hpp"
#include "keytool/dns/record_view.hpp"

namespace dkim::keytool {

enum class AliasStatus {
  right,      // a CNAME that leads to the target, perhaps by way of others
  missing,    // neither a CNAME nor a TXT record
  elsewhere,  // a CNAME that leads to another name
  text,       // a TXT record in its place
};

struct AliasFinding {
  AliasStatus status = AliasStatus::missing;
  // Where it leads, what was done wrong; empty if the status says it all. May quote an answer from DNS.
  std::string detail = {};
};

// What one address of one server of the domain's zone showed.
struct AliasServer {
  std::string server;   // its name, or "resolver"
  std::string address;  // empty if the trouble is with the server's name
  std::optional<AliasFinding> finding = std::nullopt;
  std::string trouble = {};  // why there is no finding
  std::optional<DnsFault> fault = std::nullopt;
};

struct AliasObservation {
  std::vector<AliasServer> servers;
  // Why no server could be asked at all.
  std::string trouble;
  std::string zone;  // of the slot's name, with a final dot; empty if it could not be found
  // For how many seconds a resolver may remember an older answer: the largest of the TTLs of what was there
  // and the zone's negative TTL.
  unsigned memory = 0;
};

// Judges a response about the slot's name.
AliasFinding check_alias(const RecordPlace& place, const DnsResponse& response);

// Combines the findings of all servers, as summarize() does for records.
AliasView summarize(const RecordPlace& place, const AliasObservation& observation);

// Returns a phrase for what a server has: "a CNAME to other.example.", "no CNAME".
std::string text_of(const AliasFinding& finding);

std::string_view to_string(AliasView::State state);

}  // namespace dkim::keytool
