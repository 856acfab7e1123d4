// A folder of keys as rspamd looks for them: DOMAIN.SELECTOR.key.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "keytool/opendkim/key_collector.hpp"

namespace dkim::keytool::opendkim {

struct RspamdFolder {
  std::filesystem::path directory;
  // What the user says of the names: then they are not guessed at. Files of other names are passed over.
  std::optional<std::string> domain;
  std::optional<std::string> selector;
};

// Both parts of a name may have dots. The selector is what the record beside the key (.txt, .pub) says, else
// the last label. Files that are no keys are passed over; what cannot be used is among the collector's
// remarks.
void collect_rspamd_keys(const RspamdFolder& folder, Sources& sources, KeyCollector& keys);

}  // namespace dkim::keytool::opendkim
