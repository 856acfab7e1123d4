// Reads a folder of keys as rspamd names them: DOMAIN.SELECTOR.key, or DOMAIN.key and SELECTOR.key if its
// configuration has the other part (path = ".../$domain.key" or ".../$selector.key").
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "keytool/opendkim/key_collector.hpp"

namespace dkim::keytool::opendkim {

struct RspamdFolder {
  std::filesystem::path directory;
  // If the user names them, they are not guessed; files with other names are skipped.
  std::optional<std::string> domain;
  std::optional<std::string> selector;
};

// Takes the folder's keys. Both parts of a name may have dots: the selector is what the record beside the key
// (.txt, .pub) says, or else the last label, unless a domain ends in that. A name that lacks a part is not
// taken unless the user supplies it: nobody could verify signatures under a wrong name. Skips files that are
// not keys. The collector's remarks say what cannot be used, and whether there was nothing at all.
void collect_rspamd_keys(const RspamdFolder& folder, Sources& sources, KeyCollector& keys);

}  // namespace dkim::keytool::opendkim
