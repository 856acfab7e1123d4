// Finds the words of the metrics for what happened; a build without metrics calls it as well.
#include <new>

#include "crypto/error.hpp"
#include "crypto/store/lease.hpp"
#include "milter/metrics/metrics.hpp"
#include "milter/mta_error.hpp"

namespace dkim::milter {

NotSigned not_signed_because(crypto::NoIdentity::Cause cause) {
  using Cause = crypto::NoIdentity::Cause;
  switch (cause) {
    case Cause::malformed:
      return NotSigned::malformed_from;
    case Cause::invalid_domain:
      return NotSigned::invalid_domain;
    case Cause::key_pending:
      return NotSigned::key_pending;
    case Cause::no_active_key:
      return NotSigned::no_active_key;
    case Cause::subdomain:
      return NotSigned::subdomain;
    case Cause::foreign_author:
      return NotSigned::foreign_author;
    case Cause::rule:
      return NotSigned::rule;
    case Cause::no_key:
      return NotSigned::no_key;
  }
  return NotSigned::no_key;
}

ErrorKind kind_of(const std::exception& error) {
  const auto is = [&](auto* type) { return dynamic_cast<decltype(type)>(&error) != nullptr; };
  if (is(static_cast<const crypto::KeyFileError*>(nullptr))) return ErrorKind::key_file;
  if (is(static_cast<const crypto::LeaseError*>(nullptr))) return ErrorKind::lease;
  if (is(static_cast<const crypto::StoreError*>(nullptr))) return ErrorKind::store;
  if (is(static_cast<const crypto::SettingsError*>(nullptr))) return ErrorKind::manifest;
  if (is(static_cast<const crypto::OpenSslError*>(nullptr))) return ErrorKind::openssl;
  if (is(static_cast<const std::bad_alloc*>(nullptr))) return ErrorKind::memory;
  if (is(static_cast<const MtaError*>(nullptr))) return ErrorKind::mta;
  return ErrorKind::other;
}

}  // namespace dkim::milter
