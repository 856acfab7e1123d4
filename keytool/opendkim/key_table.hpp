// OpenDKIM's KeyTable: "NAME DOMAIN:SELECTOR:KEY", where KEY is a path or the key itself. What a SigningTable
// names is looked up here.
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
  std::string selector;  // checked where the key is taken
  std::string key;       // a path, in which % is the author's domain; or PEM, or DER in base64
  std::string place;

  bool has_path() const { return key.starts_with('/') || key.starts_with("./") || key.starts_with("../"); }
};

struct KeyTable {
  std::vector<KeyTableEntry> entries;
  std::unordered_map<std::string, std::size_t> by_name;  // lower case; the first of each
  Remarks remarks;

  // The first of that name, whatever its case, as opendkim finds it.
  const KeyTableEntry* find(std::string_view name) const;
};

// A line that lacks a part is a remark; opendkim itself may crash on it.
KeyTable read_key_table(const DataSet& data);

}  // namespace dkim::keytool::opendkim
