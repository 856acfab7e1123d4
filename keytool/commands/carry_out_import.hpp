// Carries out an import that is planned: one transaction per domain puts the keys into the store, and the
// configuration file comes last. So the next run completes what a killed one has left.
#pragma once

#include <filesystem>

#include "crypto/store/store_of_record.hpp"
#include "keytool/cli/exit_code.hpp"
#include "keytool/opendkim/plan.hpp"
#include "keytool/opendkim/report.hpp"

namespace dkim::keytool {

// Returns the keys of the domain that sign already, and go on beside the imported ones.
std::vector<canon::Selector> active_selectors(crypto::StoreOfRecord& store, const canon::DomainName& domain);

// Stores the keys, writes the configuration into `output` and prints the report; a dry run prints what would
// be done. Throws UsageError if the file has settings of somebody's own.
ExitCode carry_out_import(const opendkim::ImportPlan& plan, const std::filesystem::path& output,
                          crypto::StoreOfRecord& store, opendkim::Run run);

// Does the same for keys without a configuration.
ExitCode carry_out_import(const opendkim::WantedKeys& wanted, const opendkim::Remarks& remarks,
                          crypto::StoreOfRecord& store, opendkim::Run run);

}  // namespace dkim::keytool
