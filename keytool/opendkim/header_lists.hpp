// Translates SignHeaders, OmitHeaders and OversignHeaders into signed_headers and oversigned_headers.
//
// Pure. If OpenDKIM's configuration says nothing, neither does ours: its built-in lists are shorter than what
// receivers now expect. Names that cannot be used become remarks.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "keytool/opendkim/data_set.hpp"
#include "keytool/opendkim/remark.hpp"

namespace dkim::keytool::opendkim {

struct HeaderLists {
  std::vector<std::string> signed_headers;
  std::vector<std::string> oversigned_headers;
  Remarks remarks;
};

// Plans both lists; an argument is empty if the setting is missing. "*,+Name" and "*,-Name" change OpenDKIM's
// default list, and so change ours.
HeaderLists plan_headers(const std::optional<DataSet>& sign, const std::optional<DataSet>& omit,
                         const std::optional<DataSet>& oversign);

}  // namespace dkim::keytool::opendkim
