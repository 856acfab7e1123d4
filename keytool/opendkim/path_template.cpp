#include "keytool/opendkim/path_template.hpp"

#include <linux/limits.h>

#include <algorithm>
#include <cstddef>

namespace dkim::keytool::opendkim {

std::string filled_in(std::string_view text, std::string_view variable, std::string_view value) {
  std::string out;
  while (out.size() <= PATH_MAX) {
    const auto at = std::min(text.find(variable), text.size());
    out += text.substr(0, at);
    if (at == text.size()) break;
    out += value;
    text.remove_prefix(at + variable.size());
  }
  out.resize(std::min<std::size_t>(out.size(), PATH_MAX + 1));
  return out;
}

}  // namespace dkim::keytool::opendkim
