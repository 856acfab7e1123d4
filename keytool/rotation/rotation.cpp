#include "keytool/rotation/rotation.hpp"

#include <algorithm>

#include "keytool/rotation/planner.hpp"

namespace dkim::keytool {
namespace {

using crypto::KeyEntry;
using crypto::UtcTime;

bool is_wanted(const KeyEntry& key, UtcTime now, const RotationPolicy& policy,
               RotationRequest::Replace replace) {
  switch (replace) {
    case RotationRequest::Replace::none:
      return false;
    case RotationRequest::Replace::due_keys:
      return now >= key.activated.value_or(key.created) + policy.every;
    case RotationRequest::Replace::all_keys:
      return true;
  }
  return false;
}

}  // namespace

std::optional<UtcTime> RotationPlan::next_look() const {
  std::optional<UtcTime> earliest;
  for (const auto& entry : waiting) {
    if (entry.until && (!earliest || *entry.until < *earliest)) earliest = entry.until;
  }
  return earliest;
}

Selectors keys_to_replace(const crypto::Manifest& manifest, UtcTime now, const RotationPolicy& policy,
                          const RotationRequest& request) {
  Selectors out;
  for (const auto& key : manifest.keys) {
    if (key.state != crypto::KeyState::active || !is_wanted(key, now, policy, request.replace)) continue;
    if (!request.only.empty() && !overlap(request.only, {key.selector})) continue;
    if (is_replaced(manifest, key)) continue;
    // The turn that this asks for was made already: it remains to revoke the key that retired in it.
    if (request.retiring_keys == RotationRequest::RetiringKeys::compromised &&
        has_retiring_predecessor(manifest, key))
      continue;
    out.push_back(key.selector);
  }
  return out;
}

RotationPlan plan_rotation(const crypto::Manifest& manifest, const DnsView& dns,
                           const crypto::SignerView& signers, UtcTime now, const RotationPolicy& policy,
                           const RotationRequest& request) {
  return Planner(manifest, dns, signers, now, policy, request).plan();
}

}  // namespace dkim::keytool
