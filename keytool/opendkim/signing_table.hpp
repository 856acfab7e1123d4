// OpenDKIM's SigningTable: which keys sign the mail of which author.
#pragma once

#include <string>
#include <vector>

#include "keytool/opendkim/address_pattern.hpp"
#include "keytool/opendkim/data_set.hpp"
#include "keytool/opendkim/remark.hpp"

namespace dkim::keytool::opendkim {

struct SigningTableEntry {
  AddressPattern pattern;
  std::string key_name;  // "%": the author's domain
  std::string place;
};

struct SigningTable {
  // In the order in which opendkim looks: the first that matches decides, or all do (MultipleSignatures).
  // Of a flat file: user@host, host, user@.parent (nearest first), .parent, user@*, *; of patterns: as they
  // stand.
  std::vector<SigningTableEntry> entries;
  Remarks remarks;
};

SigningTable read_signing_table(const DataSet& data);

}  // namespace dkim::keytool::opendkim
