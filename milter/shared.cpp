#include "milter/shared.hpp"

#include <utility>

namespace dkim::milter {

Setup::Setup(Config new_config, Metrics& metrics)
    : config(std::move(new_config)),
      keys(crypto::KeyStore(config.signing.key_directory), metrics),
      logins(config.logins) {}

Shared::Shared(Config first, Log& daemon_log)
    : log(daemon_log), setup_(std::make_shared<Setup>(std::move(first), metrics)) {}

std::shared_ptr<Setup> Shared::setup() const {
  const std::lock_guard lock(mutex_);
  return setup_;
}

void Shared::replace_setup(Config config) {
  auto setup = std::make_shared<Setup>(std::move(config), metrics);
  const std::lock_guard lock(mutex_);
  setup_.swap(setup);  // the old one is freed after the lock
}

}  // namespace dkim::milter
