// Writes the plan of an import as a configuration of dkimsignd. Pure; never fails.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "keytool/opendkim/plan.hpp"

namespace dkim::keytool::opendkim {

// Returns libconfig text. `key_directory` is empty for the default one.
std::string conf_text(const ImportPlan& plan, const std::optional<std::filesystem::path>& key_directory);

}  // namespace dkim::keytool::opendkim
