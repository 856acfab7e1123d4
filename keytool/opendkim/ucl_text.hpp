// Reads a configuration in UCL, as people write it for rspamd: sections, lists, texts with and without
// quotes, comments, variables and includes. JSON is read as well, such as what "rspamadm configdump -j"
// prints.
//
// This is the part of the language that such files use, not all of it: a template ("{% if ... %}") or another
// macro than .include becomes a remark with its line, and so does what is no UCL at all. Never fails,
// whatever the bytes.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "keytool/opendkim/remark.hpp"
#include "keytool/opendkim/ucl_scanner.hpp"
#include "keytool/opendkim/ucl_value.hpp"

namespace dkim::keytool::opendkim {

struct UclFile {
  UclValue root;  // a section
  Remarks remarks;
};

// What becomes of two sections of the same name in one file: one section, as in local.d, or two values, which
// rspamd's modules do not expect, as in override.d.
enum class UclSections { joined, apart };

struct UclContext {
  UclVariables variables;
  // Is called for each file that the text includes, with its path and the place of the macro.
  std::function<UclFile(const std::string& path, const std::string& place)> include;
  UclSections sections = UclSections::joined;
  // How many values all files with this context have had: files that include each other multiply.
  std::shared_ptr<std::size_t> values = std::make_shared<std::size_t>(0);
};

UclFile parse_ucl(std::string_view text, const std::string& file, const UclContext& context);

}  // namespace dkim::keytool::opendkim
