// Reads OpenDKIM's SigningTable: which keys sign the mail of which author. A line that cannot be used becomes
// a remark.
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
  // Sorted as opendkim looks them up: the first match decides, or all do (MultipleSignatures). A flat file's
  // entries are sorted: user@host, host, user@.parent (nearest first), .parent, user@*, *. Patterns keep
  // their order.
  std::vector<SigningTableEntry> entries;
  Remarks remarks;
};

SigningTable read_signing_table(const DataSet& data);

}  // namespace dkim::keytool::opendkim
