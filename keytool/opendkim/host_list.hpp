// OpenDKIM's sets of hosts (InternalHosts, PeerList) as networks.
//
// There the most precise entry decides, and "!" before it says no; what is left are networks without
// exceptions, which is all that trusted_networks knows. Hosts by name are not taken: names come from DNS, and
// whoever holds an address's reverse zone chooses them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "canon/network.hpp"
#include "keytool/opendkim/data_set.hpp"
#include "keytool/opendkim/remark.hpp"

namespace dkim::keytool::opendkim {

class HostList {
 public:
  HostList() = default;
  // What is said of entries that are not taken begins with the setting's name, and is of the kind loss.
  HostList(const DataSet& data, const std::string& setting, Remark::Kind loss);

  void add(const std::string& network);
  // Returns the networks in this list that are not in the other, in the form of trusted_networks, with as
  // few entries as possible.
  std::vector<std::string> networks_without(const HostList& others) const;

  const Remarks& remarks() const { return remarks_; }

 private:
  struct Context {
    const std::string& setting;
    Remark::Kind loss;
  };
  void add_entry(const DataEntry& entry, const Context& context);
  void add_pattern(const DataEntry& entry, const Context& context);
  void add_range(const DataEntry& entry, const Context& context, const canon::Network& range);
  void say(Remark::Kind kind, const DataEntry& entry, const Context& context, const std::string& what);
  // What the most precise entry says that holds the whole range.
  bool decision(const canon::Network& range) const;
  // Do all entries within the range say what holds for the whole of it?
  bool is_uniform(const canon::Network& range) const;
  static void collect(const HostList& in, const HostList& out, const canon::Network& range,
                      std::vector<std::string>& found);

  std::map<canon::Network, bool> ranges_;
  // A pattern of all hosts, which in opendkim is an exception for each.
  bool nobody_ = false;
  Remarks remarks_;
};

}  // namespace dkim::keytool::opendkim
