// Gives the agents of a fleet the moment that they need, where a change is to be known everywhere before the
// next one.
#pragma once

#include "canon/domain_name.hpp"
#include "crypto/store/store_of_record.hpp"
#include "keytool/rotation/turn.hpp"

namespace dkim::keytool {

// Waits until every machine that is in contact holds the domain's state, though for some seconds at most, and
// not for a machine that is silent, refuses the domain or has left. Does nothing for a store of one machine.
// Throws what StoreOfRecord::signers() throws, unless that is temporary.
void wait_for_agents(crypto::StoreOfRecord& store, const canon::DomainName& domain, const Clock& now);

}  // namespace dkim::keytool
