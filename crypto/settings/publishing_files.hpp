// Judges, before a record has to be published, whether dkimkey can use the hook or the TSIG file of
// "publish".
//
// Usable from any thread. Throws nothing about the file: what cannot be found out counts as usable.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "crypto/settings/key_settings.hpp"

namespace dkim::crypto {

struct PublishingFault {
  std::filesystem::path path;
  std::string what;    // "the program of publish, /etc/x, does not exist"
  std::string remedy;  // a command for root to run; empty if there is none
};

// Judges the file that these settings name, and the way to it (crypto/trusted_path.hpp): whether others can
// write it, whether it exists and is a regular file, and whether a hook can be run. Returns nothing if the
// file can be used, if the settings name none, and if the caller may not examine it. Does not open the file.
std::optional<PublishingFault> find_publishing_fault(const PublishSettings& settings);

}  // namespace dkim::crypto
