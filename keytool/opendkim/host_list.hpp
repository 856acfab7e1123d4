// OpenDKIM's sets of hosts (InternalHosts, PeerList) as networks.
//
// There the most precise entry decides, and "!" before it says no; what is left are networks without
// exceptions, which is all that trusted_networks knows. Hosts by name are not taken: names come from DNS, and
// whoever holds an address's reverse zone chooses them.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "keytool/opendkim/data_set.hpp"
#include "keytool/opendkim/remark.hpp"

namespace dkim::keytool::opendkim {

// A range of addresses; IPv4 as the mapped addresses of IPv6.
struct AddressRange {
  std::array<std::uint8_t, 16> octets{};
  unsigned prefix = 128;

  auto operator<=>(const AddressRange&) const = default;
};

class HostList {
 public:
  HostList() = default;
  // What is said of entries that are not taken begins with the setting's name.
  HostList(const DataSet& data, const std::string& setting);

  void add(const std::string& network);
  // Those in this list and not in the other, as trusted_networks has them.
  std::vector<std::string> networks_without(const HostList& others) const;

  const Remarks& remarks() const { return remarks_; }

 private:
  void add_entry(const DataEntry& entry, const std::string& setting);
  // What the most precise entry says that holds the whole range.
  static bool decision(const std::map<AddressRange, bool>& ranges, const AddressRange& range);
  static void collect(const HostList& in, const HostList& out, const AddressRange& range,
                      std::vector<std::string>& found);

  std::map<AddressRange, bool> ranges_;
  Remarks remarks_;
};

}  // namespace dkim::keytool::opendkim
