// OpenDKIM's data sets: what most of its settings name. A list in the setting itself (csl), a flat file, or a
// file of patterns (refile). Its databases, directories and scripts are not read: see data_set.cpp for why.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "canon/result.hpp"
#include "keytool/opendkim/conf_file.hpp"
#include "keytool/opendkim/sources.hpp"

namespace dkim::keytool::opendkim {

struct DataSetName {
  enum class Type { list, file, patterns, unreadable };
  Type type = Type::list;
  std::string argument;  // the list, the path, or what cannot be read and why
};

// What opendkim would take a setting's value for: "file:", "refile:", "csl:", another type; without one, a
// path that begins with "/" is a file, unless it ends in ".db", and all else is a list. The colon of an IPv6
// address counts as that of a type, unless a comma comes first.
DataSetName parse_data_set_name(std::string_view value);

struct DataEntry {
  std::string key;
  std::string value;  // empty where there is none
  std::string place;
};

struct DataSet {
  DataSetName::Type type = DataSetName::Type::list;
  std::vector<DataEntry> entries;
  Remarks remarks = {};
  // The file that they stand in; empty for a list. What a line of it holds is told of only where the whole
  // is what it is to be.
  std::string file = {};
};

// Of a file or refile: a line each, "#" begins a comment, the first word is the key. Total.
std::vector<DataEntry> parse_data_file(std::string_view text, const std::string& file_name);
// Of a list: commas between entries, "key=value" for those that have one. Total.
std::vector<DataEntry> parse_data_list(std::string_view text, const std::string& place);

// Refuses what cannot be read, with the reason.
canon::Result<DataSet> read_data_set(const ConfFile& conf, const Setting& setting, Sources& sources);

}  // namespace dkim::keytool::opendkim
