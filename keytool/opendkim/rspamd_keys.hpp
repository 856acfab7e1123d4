// Finds the keys with which rspamd's module dkim_signing signs for each domain: sections domain { }, the maps
// selector_map and path_map, and files at the default path.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "keytool/opendkim/remark.hpp"
#include "keytool/opendkim/sources.hpp"
#include "keytool/opendkim/ucl_value.hpp"

namespace dkim::keytool::opendkim {

struct RspamdKey {
  std::string selector;
  std::string path;
  std::string place;
};

struct RspamdKeys {
  // As the configuration writes the domains; names that rspamd never looks for are left out.
  std::map<std::string, std::vector<RspamdKey>> domains;
  Remarks remarks;
};

// Does not fail: what cannot be read becomes a remark.
RspamdKeys find_rspamd_keys(const UclValue& signing, Sources& sources);

}  // namespace dkim::keytool::opendkim
