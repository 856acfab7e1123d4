// Asks DNS for one key's record: every authoritative server directly, CNAMEs followed
// (keytool/dns/server_look), or only the resolver if the options say so. A server without a usable answer is
// reported as a finding, not as an error.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crypto/keys/key_record.hpp"
#include "keytool/dns/alias_check.hpp"
#include "keytool/dns/deadline.hpp"
#include "keytool/dns/dns_access.hpp"
#include "keytool/dns/dns_client.hpp"
#include "keytool/dns/record_check.hpp"
#include "keytool/dns/record_place.hpp"
#include "keytool/dns/record_view.hpp"

namespace dkim::keytool {

// What one address of one server showed.
struct ServerFinding {
  std::string server;   // its name, or "resolver"
  std::string address;  // empty if the trouble is with the server's name
  // What it serves; empty if it does not answer.
  std::optional<RecordFinding> finding = std::nullopt;
  std::string trouble = {};  // why there is no finding
  std::string alias = {};    // the CNAME that led there from the record's own name
  // The DNS error behind the trouble, if it is one. An address that was not asked (out_of_time) may serve
  // anything, whatever the server's other addresses do.
  std::optional<DnsFault> fault = std::nullopt;
};

struct Observation {
  std::vector<ServerFinding> servers;
  // Why no server could be asked at all.
  std::string trouble;
  // For how many seconds a resolver may remember an older answer: the largest of the record's TTL, the TTLs
  // of the CNAMEs on the way and the zones' negative TTLs.
  unsigned memory = 0;
  Dnssec dnssec = Dnssec::insecure;  // information only
  std::string zone = {};             // the last one of the way, with a final dot; empty if it is not known
};

// What DNS shows of a key: its record and, if that is at the target of a slot, the way to it.
struct KeyObservation {
  std::optional<AliasObservation> alias;
  Observation record;
};

// Looks at one record after another. Does not wait again for a server that was silent once, and spends no
// more than longest_look on all looks together: servers that are not asked by then are reported, and do not
// count as right.
class Observer {
 public:
  // Whether a look asks for a missing record under other names too. That costs a dozen questions a record:
  // for commands that a person waits for.
  enum class Misplaced { look_for, ignore };

  // Opens no resolver yet.
  explicit Observer(const DnsAccess& access, Misplaced misplaced = Misplaced::ignore)
      : access_(access), misplaced_(misplaced) {}

  // Throws crypto::Error if the system names no resolver.
  KeyObservation look(const RecordPlace& place, const crypto::KeyRecord& expected);
  // Looks only at the CNAME of a slot that leads to another name. Throws as look() does.
  AliasObservation look_at_alias(const RecordPlace& place);

 private:
  Observation look_at_record(const std::string& record_name, const crypto::KeyRecord& expected);

  DnsAccess access_;
  Misplaced misplaced_;
  std::optional<DnsClient> resolver_;
  std::set<std::string> silent_;
  std::chrono::steady_clock::duration left_ = longest_look;
};

// Combines the findings of all servers. One address that answers is enough for a server, since a host without
// IPv6 cannot ask the others; but if an address was not asked in time, or a server does not answer at all, a
// record that looks right elsewhere is unknown.
RecordView summarize(const Observation& observation);
// Combines that with the way to the record. The detail then says at which name it was looked for.
RecordView summarize(const RecordPlace& place, const KeyObservation& observation);

}  // namespace dkim::keytool
