// A folder of keys as rspamd looks for them: DOMAIN.SELECTOR.key, or, where its configuration says the other
// part (path = ".../$domain.key" or ".../$selector.key"), DOMAIN.key and SELECTOR.key.
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
// the last label, unless that ends a domain. A name that lacks a part is not taken without a word of the
// user's: a key under a wrong name signs what nobody can verify. Files that are no keys are passed over; what
// cannot be used, and that there is nothing, is among the collector's remarks.
void collect_rspamd_keys(const RspamdFolder& folder, Sources& sources, KeyCollector& keys);

}  // namespace dkim::keytool::opendkim
