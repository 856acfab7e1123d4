// dkimkey list --slots: the lines of a domain's slots, from its manifest alone. Nothing fails.
#pragma once

#include <chrono>
#include <vector>

#include "canon/domain_name.hpp"
#include "crypto/store/manifest.hpp"
#include "keytool/keys/slots.hpp"
#include "keytool/output/json.hpp"
#include "keytool/output/table.hpp"

namespace dkim::keytool {

Table::Row slot_table_head();

// Return a row and an object for each slot.
std::vector<Table::Row> slot_rows(const canon::DomainName& domain, const crypto::Manifest& manifest,
                                  const SlotTimes& times);
std::vector<JsonObject> slot_objects(const canon::DomainName& domain, const crypto::Manifest& manifest,
                                     const SlotTimes& times);

}  // namespace dkim::keytool
