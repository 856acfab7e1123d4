// Will dkimkey be able to use the hook or the TSIG file that "publish" names?
//
// Asked by dkimsignd --check and dkimkey doctor, before a record has to be published. Usable from any thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "crypto/settings/key_settings.hpp"

namespace dkim::crypto {

struct PublishingFault {
  std::filesystem::path path;
  std::string what;    // "the hook of publish, /etc/x, does not exist"
  std::string remedy;  // a command for root to run; empty where there is none
};

// Judges the file that these settings name, the way to it included (crypto/trusted_path): whether others may
// write it, whether it is there, a regular file, and a hook one that can be run. Nothing if it can be used,
// if the settings name none, and for what the caller may not look at. Does not open the file.
std::optional<PublishingFault> find_publishing_fault(const PublishSettings& settings);

}  // namespace dkim::crypto
