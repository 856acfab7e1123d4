#include "milter/login_cache.hpp"

#include <sys/stat.h>

#include <utility>

#include "crypto/error.hpp"

namespace dkim::milter {

crypto::Login LoginCache::find(std::string_view login) {
  std::string name(login);
  auto may_use = [this, name, test = crypto::DomainTest()](const canon::DomainName& domain) mutable {
    if (!test) {
      test = settings_.method == crypto::LoginSettings::Method::table
                 ? crypto::domains_of_login(table(), name)
                 : crypto::domains_of_login(settings_, name);
    }
    return test(domain);
  };
  return {std::move(name), std::move(may_use)};
}

// Looks and reads under the lock: if a hundred messages come at once, one of them reads a new table, and the
// others see the stamp that it has then.
std::shared_ptr<const crypto::LoginTable> LoginCache::table() {
  const std::lock_guard lock(mutex_);
  struct stat status = {};
  const bool exists = stat(settings_.table.c_str(), &status) == 0;
  const auto stamp = crypto::stamp_of(status);
  if (!exists || !kept_.settled || !(kept_.stamp == stamp)) {
    kept_ = {};  // frees the old table first: both could be large
    kept_ = read(stamp);
  }
  if (!kept_.table) throw crypto::SettingsError(kept_.damage);
  return kept_.table;
}

// If the file has changed since its stamp was taken, a mistake in it has a stamp that no longer matches, and
// is read again.
LoginCache::Kept LoginCache::read(const crypto::FileStamp& stamp) const {
  const bool settled = stamp.is_settled_at(crypto::file_clock_now());
  try {
    auto read = crypto::read_login_table(settings_.table);
    return {read.stamp, read.settled, std::make_shared<const crypto::LoginTable>(std::move(read.table)), {}};
  } catch (const crypto::SettingsError& error) {
    return {stamp, settled, nullptr, error.what()};
  }
}

}  // namespace dkim::milter
