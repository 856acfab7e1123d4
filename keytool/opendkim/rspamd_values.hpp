// Reads single settings of rspamd's module dkim_signing: texts, switches, and maps.
//
// Does not fail: what cannot be read becomes a remark, or counts as missing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keytool/opendkim/remark.hpp"
#include "keytool/opendkim/sources.hpp"
#include "keytool/opendkim/ucl_value.hpp"

namespace dkim::keytool::opendkim {

// Returns a text or a number; nothing if it is missing, or given more than once, since rspamd cannot use it
// then.
std::optional<std::string> rspamd_text(const UclValue& section, std::string_view setting);
// Returns whether a switch is on: true, yes or on. Nothing if it is missing.
std::optional<bool> rspamd_switch(const UclValue& section, std::string_view setting);

// A line of a map: "key value".
struct RspamdLine {
  std::string key;
  std::string value;  // empty in a map of keys alone
  std::string place;
};
struct RspamdMap {
  std::vector<RspamdLine> lines;
  Remarks remarks;
  std::string file;  // from which the lines come; empty for a list
};

// Reads the map that a setting names: a file, or lines in the configuration itself. Empty if the setting is
// missing. `loss` is the kind of the remark if the map cannot be read, such as one that comes by HTTP.
RspamdMap read_rspamd_map(const UclValue& section, std::string_view setting, Sources& sources,
                          Remark::Kind loss);

}  // namespace dkim::keytool::opendkim
