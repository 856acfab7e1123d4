// What DNS shows of one key's record: every authoritative server asked directly, CNAMEs followed.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "crypto/keys/key_record.hpp"
#include "keytool/dns/deadline.hpp"
#include "keytool/dns/dns_access.hpp"
#include "keytool/dns/dns_client.hpp"
#include "keytool/dns/record_check.hpp"
#include "keytool/dns/record_view.hpp"

namespace dkim::keytool {

// One address of one server.
struct ServerFinding {
  std::string server;   // its name, or "resolver"
  std::string address;  // empty where the trouble is with the server's name
  // What it serves; nothing if it does not answer.
  std::optional<RecordFinding> finding;
  std::string trouble;  // why there is no finding
  std::string alias;    // the CNAME that led there from the record's own name
  // Was the time up before it could be asked? It may serve anything, whatever others of its addresses do.
  bool out_of_time = false;
};

struct Observation {
  std::vector<ServerFinding> servers;
  // Why nobody could be asked at all.
  std::string trouble;
  // For how many seconds a resolver may remember an older answer: the record's TTL, that of a CNAME on the
  // way or a zone's negative TTL, whichever is largest.
  unsigned memory = 0;
  Dnssec dnssec = Dnssec::insecure;  // information only
};

// Looks at one record after another. A server that was silent once is not waited for again, and all its looks
// together take no longer than longest_look: what is not asked by then is told, and not taken for right.
class Observer {
 public:
  // May a look ask for the record under other names, where it is missing under its own? Costs a dozen
  // questions a missing record: for commands that a person waits for.
  enum class Misplaced { look_for, ignore };

  // The resolver is opened at the first look. Throws crypto::Error if there is none.
  explicit Observer(const DnsAccess& access, Misplaced misplaced = Misplaced::ignore)
      : access_(access), misplaced_(misplaced) {}

  Observation look(const std::string& record_name, const crypto::KeyRecord& expected);

 private:
  DnsAccess access_;
  Misplaced misplaced_;
  std::optional<DnsClient> resolver_;
  std::set<std::string> silent_;
  std::chrono::steady_clock::duration left_ = longest_look;
};

// All servers together. A server counts with those of its addresses that answer (a host without IPv6 must not
// fail for it); one of which no address answers makes everything else that looks right unknown.
RecordView summarize(const Observation& observation);

}  // namespace dkim::keytool
