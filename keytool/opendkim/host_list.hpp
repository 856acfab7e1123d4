// Reads OpenDKIM's sets of hosts (InternalHosts, PeerList); the result is networks.
//
// In OpenDKIM the most precise entry decides, and "!" before an entry excepts its hosts. trusted_networks has
// no exceptions: they are cut out of the networks. Hosts by name are not taken: names come from DNS, and
// anyone who holds an address's reverse zone chooses them.
//
// Nothing here fails: an entry that cannot be used becomes a remark.
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
  // Reads the setting's hosts. A remark on a refused entry begins with the setting's name and has the kind
  // `loss`.
  HostList(const DataSet& data, const std::string& setting, Remark::Kind loss);

  // Adds a network in CIDR form; ignores any other text.
  void add(const std::string& network);
  // Returns the networks in this list that are not in the other, in the form of trusted_networks, with as
  // few entries as possible.
  std::vector<std::string> networks_without(const HostList& others) const;

  const Remarks& remarks() const { return remarks_; }

 private:
  enum class Entry { listed, excepted };
  struct Context {
    const std::string& setting;
    Remark::Kind loss;
  };
  void add_entry(const DataEntry& entry, const Context& context);
  void add_pattern(const DataEntry& entry, const Context& context);
  void add_range(const DataEntry& entry, const Context& context, const canon::Network& range);
  void say(Remark::Kind kind, const DataEntry& entry, std::string text);
  // Returns the decision of the most precise entry that contains the whole range; excepted if none does.
  Entry decision(const canon::Network& range) const;
  // Returns whether all entries within the range decide as the whole range does.
  bool is_uniform(const canon::Network& range) const;
  // Returns the parts of the range that are listed in the first list and not in the second.
  static std::vector<std::string> parts_of(const canon::Network& range, const HostList& in,
                                           const HostList& out);

  std::map<canon::Network, Entry> ranges_;
  // There is a pattern of all hosts, which in opendkim is an exception for each.
  bool nobody_ = false;
  Remarks remarks_;
};

}  // namespace dkim::keytool::opendkim
