// dkimkey list --slots: the lines of a domain's slots, from its manifest alone. Nothing fails.
#pragma once

#include <chrono>
#include <vector>

#include "canon/domain_name.hpp"
#include "crypto/store/manifest.hpp"
#include "keytool/output/json.hpp"
#include "keytool/output/table.hpp"

namespace dkim::keytool {

Table::Row slot_table_head();

// Return a row and an object for each slot. drain: how long the record of a retiring key stays.
std::vector<Table::Row> slot_rows(const canon::DomainName& domain, const crypto::Manifest& manifest,
                                  std::chrono::seconds drain);
std::vector<JsonObject> slot_objects(const canon::DomainName& domain, const crypto::Manifest& manifest,
                                     std::chrono::seconds drain);

}  // namespace dkim::keytool
