// Reads OpenDKIM's data sets, which most of its settings name: a list in the setting itself (csl), a flat
// file, or a file of patterns (refile). Refuses its databases, directories and scripts with the reason.
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

// Reads a setting's value as opendkim does: by its type ("file:", "refile:", "csl:", others). Without a type,
// a path that begins with "/" is a file, unless it ends in ".db", and everything else is a list. The colon of
// an IPv6 address counts as a type's, unless a comma comes first.
DataSetName parse_data_set_name(std::string_view value);

struct DataEntry {
  std::string key;
  std::string value;  // may be empty
  std::string place;
};

struct DataSet {
  DataSetName::Type type = DataSetName::Type::list;
  std::vector<DataEntry> entries;
  Remarks remarks = {};
  // The file that the entries come from; empty for a list. Its lines are shown only if the whole file is of
  // the expected kind.
  std::string file = {};
};

// Returns whether a pattern of a refile has characters with a meaning in a regular expression: opendkim makes
// one of the pattern, and escapes nothing but the dot.
bool is_regular_expression(std::string_view pattern);

// Parses a file or refile: an entry on each line, the first word is the key, "#" begins a comment. Never
// fails.
std::vector<DataEntry> parse_data_file(std::string_view text, const std::string& file_name);
// Parses a list: commas between entries, "key=value" for those with a value. Never fails.
std::vector<DataEntry> parse_data_list(std::string_view text, const std::string& place);

// Reads the data set that a setting names; a Refusal says why it cannot be read.
canon::Result<DataSet> read_data_set(const ConfFile& conf, const Setting& setting, Sources& sources);

}  // namespace dkim::keytool::opendkim
