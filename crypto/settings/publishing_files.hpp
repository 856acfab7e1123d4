// Judges, before a record has to be published, whether dkimkey can use the files that "publish" names: the
// hook, the TSIG file, the credentials.
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

// Judges the files that these settings name, and the way to them (crypto/trusted_path.hpp): whether others
// can write them or read a secret, whether they exist and are regular files, and whether a program can be
// run. Returns the first fault; nothing if the files can be used, if the settings name none, and if the
// caller may not examine them. Does not open them.
std::optional<PublishingFault> find_publishing_fault(const PublishSettings& settings);

}  // namespace dkim::crypto
