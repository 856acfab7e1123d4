// Reads the statements of one file of amavisd's configuration, as keytool/opendkim/amavis_conf.hpp describes.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "keytool/opendkim/amavis_conf.hpp"
#include "keytool/opendkim/perl_reader.hpp"

namespace dkim::keytool::opendkim {

// Is called for each file that a statement includes, with its path and the place of the statement.
using IncludeFile = std::function<void(const std::string& path, const std::string& place)>;

// Adds what the text says to what earlier files have said. Never fails: what is not understood becomes a
// remark.
void read_amavis_statements(std::string_view text, const std::string& file, AmavisConf& conf,
                            PerlVariables& variables, const IncludeFile& include);

}  // namespace dkim::keytool::opendkim
