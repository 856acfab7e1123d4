// How far the machines of a fleet are, from what they last told the database. Pure; nothing fails.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/store/signer_view.hpp"
#include "crypto/utc_time.hpp"
#include "keytool/fleet/fleet_database.hpp"

namespace dkim::keytool::fleet {

// An agent reports at least once in a minute or so.
constexpr std::chrono::seconds longest_silence{120};

// Whether the machine reported shortly before now, by the database's clock.
bool is_in_contact(const SignerRow& signer, crypto::UtcTime now);

enum class SignerState {
  current,  // in contact, and has everything
  behind,   // in contact, and does not have the last change
  silent,   // not in contact
  over,     // not in contact, and its lease is over: it no longer signs
  never,    // it was registered and has had no contact
  leaving,  // left, and may still sign
  left,     // left, and no longer signs
};

std::string_view to_string(SignerState state);

// newest: the last change that the database has.
SignerState state_of(const SignerRow& signer, std::int64_t newest, crypto::UtcTime now);

// Returns the machines that do not hold a domain's state, which has that sequence, or refuse it, as
// StoreOfRecord::signers() does. No question is asked for each domain.
std::vector<crypto::LaggingSigner> behind(const std::vector<SignerRow>& signers,
                                          const std::vector<RefusedRow>& refusals, std::string_view domain,
                                          std::int64_t sequence, crypto::UtcTime now);

}  // namespace dkim::keytool::fleet
