// In place of metrics.cpp where there is no prometheus-cpp: nothing is counted.
#include "milter/metrics/metrics.hpp"

namespace dkim::milter {

struct Metrics::Instruments {};

bool built_with_metrics() noexcept {
  return false;
}

Metrics::Metrics() = default;
Metrics::~Metrics() = default;

void Metrics::connection_opened() noexcept {}
void Metrics::connection_closed() noexcept {}
void Metrics::message_signed(const crypto::SigningIdentity&, std::uint64_t,
                             std::chrono::nanoseconds) noexcept {}
void Metrics::message_not_signed(NotSigned, Disposition) noexcept {}
void Metrics::message_aborted() noexcept {}
void Metrics::error(ErrorKind) noexcept {}
void Metrics::cache_hit() noexcept {}
void Metrics::cache_miss() noexcept {}
void Metrics::cache_absent() noexcept {}
void Metrics::cache_evicted() noexcept {}
void Metrics::set_cached_domains(std::size_t, std::size_t) noexcept {}
void Metrics::set_periods(std::chrono::seconds, std::chrono::seconds) noexcept {}
void Metrics::reloaded() noexcept {}
void Metrics::reload_failed() noexcept {}

}  // namespace dkim::milter
