// Proves that records can be published, without touching a key's: makes a record of a name of its own, sees
// it on every authoritative server, removes it, and sees it gone.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "crypto/keys/key_record.hpp"
#include "crypto/settings/key_settings.hpp"
#include "keytool/dns/dns_access.hpp"
#include "keytool/system/stop_signals.hpp"

namespace dkim::keytool {

struct ProbeOptions {
  crypto::PublishSettings publish;  // not manual
  DnsAccess dns;
  // How long to wait for the servers, once for the record and once for its end.
  std::chrono::seconds patience{300};
};

struct ProbeReport {
  enum class Outcome {
    proven,   // all of it was seen
    failed,   // the record was not taken, or is served wrongly, or was not removed
    waiting,  // not all servers have it, or have lost it, or a signal came first
  };
  Outcome outcome = Outcome::proven;
  crypto::NamedRecord record;
  std::vector<std::string> events;  // what was done and seen, in order, each a sentence
  std::string trouble;              // what failed, or what it still waits for
  // Whether the record may be in DNS still.
  bool may_be_left = false;
};

// Returns a record for a name below the given one, such as "_domainkey.example.com": with a random label that
// begins with "dkimkey-check-", and as long as that of an RSA key of 2048 bits, whose place it takes with
// random bytes: nobody can sign with it. Throws crypto::OpenSslError without random numbers.
struct ProbeRecord {
  crypto::NamedRecord named;
  crypto::KeyRecord expected;
};
ProbeRecord make_probe_record(const std::string& parent);

// Runs the whole of it; what fails is in the report. After a signal it removes the record, and does not wait
// to see it gone. on_event is called with each event. Throws crypto::Error if the system names no resolver.
ProbeReport probe_publishing(const ProbeOptions& options, const ProbeRecord& record, StopSignals& stop,
                             const std::function<void(const std::string&)>& on_event);

}  // namespace dkim::keytool
