#include "milter/login_cache.hpp"

#include <sys/stat.h>

#include <cerrno>

#include "crypto/error.hpp"

namespace dkim::milter {

crypto::Login LoginCache::find(std::string_view login) {
  if (settings_.method == crypto::LoginSettings::Method::table)
    return {std::string(login), table()->table.find(login)};
  return {std::string(login), crypto::domains_of_login(settings_, login)};
}

// Reads under the lock: a hundred messages at once need the new table once.
std::shared_ptr<const crypto::StampedLoginTable> LoginCache::table() {
  struct stat status = {};
  if (stat(settings_.table.c_str(), &status) != 0)
    crypto::throw_store_error("examine", settings_.table, errno);
  const std::lock_guard lock(mutex_);
  if (!table_ || !table_->settled || !(table_->stamp == crypto::stamp_of(status)))
    table_ = std::make_shared<const crypto::StampedLoginTable>(crypto::read_login_table(settings_.table));
  return table_;
}

}  // namespace dkim::milter
