// Reads OpenDKIM's KeyTable: "NAME DOMAIN:SELECTOR:KEY", where KEY is a path or the key itself. A
// SigningTable names its keys by NAME.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "keytool/opendkim/data_set.hpp"
#include "keytool/opendkim/remark.hpp"

namespace dkim::keytool::opendkim {

struct KeyTableEntry {
  std::string name;
  std::string domain;    // "%": the author's
  std::string selector;  // not checked yet
  std::string key;       // a path, in which % is the author's domain; or PEM, or DER in base64
  std::string place;

  bool has_path() const { return key.starts_with('/') || key.starts_with("./") || key.starts_with("../"); }
};

struct KeyTable {
  std::vector<KeyTableEntry> entries;
  std::unordered_map<std::string, std::size_t> by_name;  // lower case; the first of each
  Remarks remarks;

  // Returns the first entry of that name, whatever its case, as opendkim does; null if there is none.
  const KeyTableEntry* find(std::string_view name) const;
};

// Reads the table. A line that lacks a part becomes a remark; opendkim itself may crash on it.
KeyTable read_key_table(const DataSet& data);

}  // namespace dkim::keytool::opendkim
