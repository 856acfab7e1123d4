// The configuration of dkimsignd that an import writes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "keytool/opendkim/plan.hpp"

namespace dkim::keytool::opendkim {

// libconfig text. key_directory: nothing where it is the default one.
std::string conf_text(const ImportPlan& plan, const std::optional<std::filesystem::path>& key_directory);

}  // namespace dkim::keytool::opendkim
