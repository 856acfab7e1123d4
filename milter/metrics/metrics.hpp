// Counts what the daemon does, for Prometheus: one call for each event. Names and labels are in metrics.cpp.
//
// A build without prometheus-cpp has milter/metrics/no_metrics.cpp in place of metrics.cpp: it counts
// nothing.
//
// Lives as long as the process, so that a reload loses nothing. Thread-safe. An event costs a few atomic
// additions, takes no memory and does not throw. Nothing here touches a file; milter/metrics/metrics_writer
// does.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "crypto/signatures/identity.hpp"
#include "milter/config.hpp"

namespace prometheus {
struct MetricFamily;
}

namespace dkim::milter {

// Why a message was not signed.
enum class NotSigned {
  untrusted_client,  // neither trusted nor authenticated
  rule,              // a rule says not to sign
  no_key,
  key_pending,
  no_active_key,
  subdomain,       // the parent domain does not sign for its subdomains
  foreign_author,  // the login may not use the author's domain
  invalid_domain,  // the author domain cannot have a key
  malformed_from,
  header_too_large,
  dialogue,  // the MTA left out a step that every message needs
  error,     // something broke; ErrorKind says what
  stopping,  // deferred, because the daemon is stopping
};

NotSigned not_signed_because(crypto::NoIdentity::Cause cause);

// What broke.
enum class ErrorKind {
  key_file,  // cannot be used: missing, too open, damaged
  store,     // cannot be read
  manifest,  // damaged
  lease,     // this machine's copy of a fleet may not be used now
  openssl,
  memory,
  mta,  // it did not take a signature, or does not let us add fields
  other,
};

ErrorKind kind_of(const std::exception& error);

// If this returns false, Metrics counts nothing, and text() is not there.
bool built_with_metrics() noexcept;

class Metrics {
 public:
  Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;
  ~Metrics();

  void connection_opened() noexcept;
  void connection_closed() noexcept;

  // Each message that the MTA does not break off is one of these two.
  void message_signed(const crypto::SigningIdentity& identity, std::uint64_t size,
                      std::chrono::nanoseconds time) noexcept;
  void message_not_signed(NotSigned reason, Disposition disposition) noexcept;
  // A message that was to be signed and that the MTA broke off.
  void message_aborted() noexcept;

  void error(ErrorKind kind) noexcept;

  // Look-ups of a domain's keys.
  void cache_hit() noexcept;
  void cache_miss() noexcept;
  void cache_absent() noexcept;
  void cache_evicted() noexcept;
  void set_cached_domains(std::size_t count, std::size_t capacity) noexcept;

  // The periods that alerts compare with: how old a key may get, and how old the file itself.
  void set_periods(std::chrono::seconds rotation, std::chrono::seconds writing) noexcept;

  void reloaded() noexcept;
  void reload_failed() noexcept;

  // Returns everything, and the families in more, in the text format of Prometheus.
  std::string text(const std::vector<prometheus::MetricFamily>& more) const;

 private:
  struct Instruments;
  std::unique_ptr<Instruments> instruments_;
};

}  // namespace dkim::milter
