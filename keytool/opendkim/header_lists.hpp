// SignHeaders, OmitHeaders and OversignHeaders as signed_headers and oversigned_headers.
//
// Pure. Where OpenDKIM's configuration says nothing, neither does ours: its built-in lists are shorter than
// what receivers now expect.
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

// Each nothing where the setting is not there. "*,+Name" and "*,-Name" change OpenDKIM's default list, and
// then ours.
HeaderLists plan_headers(const std::optional<DataSet>& sign, const std::optional<DataSet>& omit,
                         const std::optional<DataSet>& oversign);

}  // namespace dkim::keytool::opendkim
