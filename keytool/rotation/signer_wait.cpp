#include "keytool/rotation/signer_wait.hpp"

#include <algorithm>
#include <thread>

#include "keytool/keys/signer_text.hpp"

namespace dkim::keytool {
namespace {

using std::chrono::steady_clock;

// An agent without notifications looks every five seconds or so.
constexpr std::chrono::seconds longest_wait{15};
constexpr std::chrono::milliseconds pause_between{200};

bool may_catch_up(const crypto::LaggingSigner& signer, crypto::UtcTime now) {
  return !signer.left && !is_stuck(signer, now, now);
}

}  // namespace

void wait_for_agents(crypto::StoreOfRecord& store, const canon::DomainName& domain, const Clock& now) {
  const auto end = steady_clock::now() + longest_wait;
  while (steady_clock::now() < end) {
    try {
      const auto behind = store.signers(domain).behind;
      if (std::none_of(behind.begin(), behind.end(),
                       [&](const auto& signer) { return may_catch_up(signer, now()); }))
        return;
    } catch (const crypto::StoreOfRecordError& error) {
      if (!error.is_temporary()) throw;
    }
    std::this_thread::sleep_for(pause_between);
  }
}

}  // namespace dkim::keytool
