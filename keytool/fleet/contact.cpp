#include "keytool/fleet/contact.hpp"

#include <algorithm>

namespace dkim::keytool::fleet {

bool is_in_contact(const SignerRow& signer, crypto::UtcTime now) {
  return signer.last_seen && now - *signer.last_seen <= longest_silence;
}

std::string_view to_string(SignerState state) {
  switch (state) {
    case SignerState::current:
      return "current";
    case SignerState::behind:
      return "behind";
    case SignerState::silent:
      return "silent";
    case SignerState::over:
      return "over";
    case SignerState::never:
      return "never";
    case SignerState::leaving:
      return "leaving";
    case SignerState::left:
      break;
  }
  return "left";
}

SignerState state_of(const SignerRow& signer, std::int64_t newest, crypto::UtcTime now) {
  const bool may_sign = signer.lease_end && *signer.lease_end > now;
  if (signer.left) return may_sign ? SignerState::leaving : SignerState::left;
  if (!signer.last_seen) return SignerState::never;
  if (!is_in_contact(signer, now)) return may_sign ? SignerState::silent : SignerState::over;
  return signer.applied < newest ? SignerState::behind : SignerState::current;
}

std::vector<crypto::LaggingSigner> behind(const std::vector<SignerRow>& signers,
                                          const std::vector<RefusedRow>& refusals, std::string_view domain,
                                          std::int64_t sequence, crypto::UtcTime now) {
  std::vector<crypto::LaggingSigner> lagging;
  for (const auto& signer : signers) {
    const auto refusal = std::find_if(refusals.begin(), refusals.end(), [&](const auto& row) {
      return row.host == signer.host && row.domain == domain;
    });
    if (signer.applied >= sequence && refusal == refusals.end()) continue;
    if (signer.left && !(signer.lease_end && *signer.lease_end > now)) continue;
    lagging.push_back({signer.host, signer.last_seen, signer.lease_end, signer.left.has_value(),
                       refusal == refusals.end() ? "" : refusal->reason});
  }
  return lagging;
}

}  // namespace dkim::keytool::fleet
