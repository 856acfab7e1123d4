#include "crypto/store/lease.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

#include "crypto/store/membership.hpp"

namespace dkim::crypto {
namespace {

[[noreturn]] void throw_lease_error(LeaseError::Kind kind, const Error& error) {
  throw LeaseError(kind,
                   fmt::format("the lease cannot be read, and without it no key is used: {}", error.what()));
}

std::optional<FileStamp> stamp_of_file(const std::filesystem::path& path) {
  struct stat status = {};
  // lstat: a link that leads nowhere is no missing file.
  if (lstat(path.c_str(), &status) == 0) return stamp_of(status);
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  try {
    throw_store_error("examine", path, errno);
  } catch (const StoreError& error) {
    throw_lease_error(LeaseError::Kind::unreadable, error);
  }
}

}  // namespace

std::optional<FileStamp> lease_stamp(const KeyStore& store) {
  auto stamp = stamp_of_file(lease_path(store));
  return stamp ? stamp : stamp_of_file(membership_path(store));
}

Lease find_lease(const KeyStore& store) {
  // A store of one machine has none, and must not depend on what else reading one asks for.
  if (!stamp_of_file(lease_path(store))) return {stamp_of_file(membership_path(store)).has_value(), {}};
  try {
    if (const auto end = read_lease(store)) return {true, end};
  } catch (const SettingsError& error) {
    throw_lease_error(LeaseError::Kind::damaged, error);
  } catch (const StoreError& error) {
    throw_lease_error(LeaseError::Kind::unreadable, error);
  }
  return {stamp_of_file(membership_path(store)).has_value(), std::nullopt};
}

void require_lease(const KeyStore& store, const Lease& lease, UtcTime now) {
  if (!lease.is_over_at(now)) return;
  if (!lease.end) {
    throw LeaseError(LeaseError::Kind::over,
                     fmt::format("{} belongs to a fleet and has no lease yet; dkimkey fleet sync gets one",
                                 store.directory().string()));
  }
  if (!stamp_of_file(membership_path(store))) {
    throw LeaseError(
        LeaseError::Kind::over,
        fmt::format("a lease of {} was left over when it left its fleet or joined one, and is over "
                    "since {}; dkimkey fleet leave --keep removes it",
                    store.directory().string(), to_string(*lease.end)));
  }
  throw LeaseError(
      LeaseError::Kind::over,
      fmt::format("the lease of {} is over since {}: this machine has not reached the fleet's database, and "
                  "its keys may be out of DNS; dkimkey fleet sync renews it",
                  store.directory().string(), to_string(*lease.end)));
}

}  // namespace dkim::crypto
