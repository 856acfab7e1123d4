// Reads the settings of rspamd's module dkim_signing, as rspamd puts them together: local.d, over that
// override.d, and the sections in rspamd.conf.local and rspamd.conf.override.
//
// rspamd's own "rspamadm configdump" would know all of UCL, but it runs only where rspamd is installed whole,
// and resolves names in DNS on its way. Its JSON is read here as well, for configurations with templates.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "keytool/opendkim/remark.hpp"
#include "keytool/opendkim/sources.hpp"
#include "keytool/opendkim/ucl_value.hpp"

namespace dkim::keytool::opendkim {

struct RspamdConf {
  UclValue signing;   // the section dkim_signing
  UclValue options;   // the section options, for local_addrs
  std::string place;  // the file or directory, for remarks on what it does not say
  Remarks remarks;
};

// Returns whether the path leads to a configuration: a file, or a directory such as /etc/rspamd. Otherwise it
// is a folder of keys.
bool is_rspamd_conf(const std::filesystem::path& path, Sources& sources);

// Reads a directory such as /etc/rspamd; or one file: dkim_signing.conf in its local.d or override.d, with
// which the others are read as well, or any other file, alone. Throws StoreError if the file, or each of the
// directory's, cannot be read.
RspamdConf read_rspamd_conf(const std::filesystem::path& path, Sources& sources);

}  // namespace dkim::keytool::opendkim
