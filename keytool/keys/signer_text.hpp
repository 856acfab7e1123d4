// Names the machines of a fleet that hold up the cycle of keys: which they are, since when, and what a person
// can do. Names and reasons come from other machines, so they are escaped and cut. Pure; nothing fails.
#pragma once

#include <string>
#include <vector>

#include "canon/selector.hpp"
#include "crypto/store/signer_view.hpp"

namespace dkim::keytool {

using Signers = std::vector<crypto::LaggingSigner>;

// Returns those that have not left: no key becomes active while one of them does not have it.
Signers expected_back(const crypto::SignerView& view);

// Whether the machine will not catch up alone, as far as can be known: it refuses the domain, or it was
// not in contact for minutes, or does not catch up although it is. since: when the change was made that it
// does not have.
bool is_stuck(const crypto::LaggingSigner& signer, crypto::UtcTime since, crypto::UtcTime now);

// "mx2 (last contact 2026-11-24T10:00:00Z), mx3 (refuses the domain: ...)": some of them, and how many more.
std::string names_text(const Signers& signers);

// Returns the names of all of them, separated by spaces.
std::string hosts_text(const Signers& signers);

// Says that a pending key does not go on because machines do not have it, and how a person ends that.
std::string lacks_key_text(const Signers& signers);

// Says that a revoked key may still sign on machines that do not catch up, and how a person ends that.
std::string still_signs_text(const Signers& signers);

}  // namespace dkim::keytool
